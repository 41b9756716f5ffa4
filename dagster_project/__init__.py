"""leadershift: who leads open-source AI, week by week, with the denominator in sight."""
