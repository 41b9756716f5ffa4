"""What people see: notebooks that become pages, charts as SVG, tables as HTML.

Not here: what a number means (sql/), and any select longer than a look at a mart.
"""
