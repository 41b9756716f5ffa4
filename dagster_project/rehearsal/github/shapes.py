"""The JSON of GitHub's REST answers, made of the records of github/source; every URL begins with the asker's own host.

Links for people (html_url and the like) lead nowhere on purpose. Not here: which answer a request gets (github).
"""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from dagster_project.rehearsal.github.source import Account, Author, Commit, Fork, Release, Repo

Item = dict[str, Any]

WEB = "https://github.rehearsal.invalid"
NODE_PREFIXES = {"User": "U", "Organization": "O", "Bot": "BOT", "Repository": "R"}
LICENCES: dict[str, tuple[str, str]] = {
    "apache-2.0": ("Apache License 2.0", "Apache-2.0"),
    "mit": ("MIT License", "MIT"),
    "gpl-3.0": ("GNU General Public License v3.0", "GPL-3.0"),
    "bsd-3-clause": ('BSD 3-Clause "New" or "Revised" License', "BSD-3-Clause"),
    "other": ("Other", "NOASSERTION"),
}
"""GitHub's key -> name and SPDX id; a text it does not recognise is "other"."""
_PATHS = """archive_url/{archive_format}{/ref} assignees_url/assignees{/user} blobs_url/git/blobs{/sha}
branches_url/branches{/branch} collaborators_url/collaborators{/collaborator} comments_url/comments{/number}
commits_url/commits{/sha} compare_url/compare/{base}...{head} contents_url/contents/{+path}
contributors_url/contributors deployments_url/deployments downloads_url/downloads events_url/events forks_url/forks
git_commits_url/git/commits{/sha} git_refs_url/git/refs{/sha} git_tags_url/git/tags{/sha} hooks_url/hooks
issue_comment_url/issues/comments{/number} issue_events_url/issues/events{/number} issues_url/issues{/number}
keys_url/keys{/key_id} labels_url/labels{/name} languages_url/languages merges_url/merges
milestones_url/milestones{/number} notifications_url/notifications{?since,all,participating}
pulls_url/pulls{/number} releases_url/releases{/id} stargazers_url/stargazers statuses_url/statuses/{sha}
subscribers_url/subscribers subscription_url/subscription tags_url/tags teams_url/teams trees_url/git/trees{/sha}"""
REPO_URLS = tuple((entry.partition("_url")[0] + "_url", entry.partition("_url")[2]) for entry in _PATHS.split())
_PERSON = """followers_url/followers following_url/following{/other_user} gists_url/gists{/gist_id}
starred_url/starred{/owner}{/repo} subscriptions_url/subscriptions organizations_url/orgs repos_url/repos
events_url/events{/privacy} received_events_url/received_events"""
PERSON_URLS = tuple((entry.partition("_url")[0] + "_url", entry.partition("_url")[2]) for entry in _PERSON.split())

FEATURES = dict.fromkeys(("has_issues", "has_projects", "has_downloads"), True) | dict.fromkeys(
    ("has_wiki", "has_pages", "has_discussions"), False
)


def stamp(second: int) -> str:
    """Write a moment as GitHub does."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(kind: str, number: int) -> str:
    """Write a global id: a prefix and a msgpack list of zero and the number, in base64 for URLs."""
    packed = base64.urlsafe_b64encode(msgspec.msgpack.encode([0, number])).decode().rstrip("=")
    return f"{NODE_PREFIXES[kind]}_{packed}"


def read_node_id(text: str) -> tuple[str, int] | None:
    """Read a global id as (kind, number), None for one that is none."""
    prefix, _, packed = text.partition("_")
    kind = next((kind for kind, known in NODE_PREFIXES.items() if known == prefix), None)
    try:
        raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        number = msgspec.msgpack.decode(raw, type=tuple[int, int])[1]
    except (ValueError, msgspec.MsgspecError):
        return None
    return (kind, number) if kind is not None else None


def simple_user(account: Account, base: str) -> Item:
    """Give an account as lists show it."""
    url = f"{base}/users/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id(account.kind, account.id),
        "avatar_url": f"{WEB}/avatars/{account.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{WEB}/{account.login}",
        **{name: url + path for name, path in PERSON_URLS},
        "type": account.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def profile(account: Account, repos: int, base: str) -> Item:
    """Give an account as its own page shows it."""
    shown = {"company": account.company, "blog": "", "location": account.location, "email": None, "hireable": None}
    counts = {"public_repos": repos, "public_gists": 0, "followers": account.id % 97, "following": account.id % 31}
    dates = {"created_at": stamp(account.created), "updated_at": stamp(account.updated)}
    about = {"bio": None, "twitter_username": None}
    return {**simple_user(account, base), "name": account.name, **shown, **about, **counts, **dates}


def organisation(account: Account, repos: int, base: str) -> Item:
    """Give an organisation as /orgs shows it."""
    url = f"{base}/orgs/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id(account.kind, account.id),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{WEB}/avatars/{account.id}",
        "description": "REHEARSAL: simulated",
        "name": account.name,
        "company": None,
        "blog": "",
        "location": account.location,
        "email": None,
        "twitter_username": None,
        "is_verified": False,
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": repos,
        "public_gists": 0,
        "followers": account.id % 9_973,
        "following": 0,
        "html_url": f"{WEB}/{account.login}",
        "created_at": stamp(account.created),
        "updated_at": stamp(account.updated),
        "archived_at": None,
        "type": "Organization",
    }


def licence(key: str | None, base: str) -> Item | None:
    """Give a licence as repositories show it; an unknown id is "other", none is null."""
    if key is None:
        return None
    known = key if key in LICENCES else "other"
    name, spdx_id = LICENCES[known]
    url = f"{base}/licenses/{known}" if known != "other" else None
    return {"key": known, "name": name, "spdx_id": spdx_id, "url": url, "node_id": f"MDc6TGljZW5zZT{len(known)}"}


def listed_repo(repo: Repo, base: str) -> Item:
    """Give a repository as lists show it."""
    url, web = f"{base}/repos/{repo.full_name}", f"{WEB}/{repo.full_name}"
    issues = repo.open_issues + repo.open_pulls
    return {
        "id": repo.id,
        "node_id": node_id("Repository", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": False,
        "owner": simple_user(repo.owner, base),
        "html_url": web,
        "description": repo.description,
        "fork": repo.is_fork,
        "url": url,
        **{name: url + path for name, path in REPO_URLS},
        "created_at": stamp(repo.created),
        "updated_at": stamp(repo.updated),
        "pushed_at": stamp(repo.pushed),
        **dict.fromkeys(("git_url", "ssh_url", "clone_url"), f"{web}.git"),
        "svn_url": web,
        "homepage": repo.homepage,
        "size": repo.size_kb,
        "stargazers_count": repo.stars,
        "watchers_count": repo.stars,
        "language": repo.language,
        **FEATURES,
        "forks_count": repo.forks,
        "mirror_url": None,
        "archived": repo.is_archived,
        "disabled": repo.is_disabled,
        "open_issues_count": issues,
        "license": licence(repo.licence, base),
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": list(repo.topics),
        "visibility": "public",
        "forks": repo.forks,
        "open_issues": issues,
        "watchers": repo.stars,
        "default_branch": repo.default_branch,
    }


def full_repo(repo: Repo, base: str) -> Item:
    """Give a repository as its own address shows it."""
    shown = listed_repo(repo, base)
    more: Item = {"temp_clone_token": None, "custom_properties": {}}
    if repo.owner.kind == "Organization":
        more["organization"] = simple_user(repo.owner, base)
    return {**shown, **more, "network_count": repo.forks, "subscribers_count": repo.watchers}


def fork(given: Fork, repo: Repo, base: str) -> Item:
    """Give a fork as the list of forks shows it."""
    bare = replace(repo, owner=given.owner, id=given.id, is_fork=True, stars=0, forks=0, open_issues=0, open_pulls=0)
    return listed_repo(replace(bare, created=given.created, updated=given.created, pushed=repo.created), base)


def contributor(author: Author, count: int, base: str, *, is_linked: bool) -> Item:
    """Give a row of the contributors list; only an anonymous one shows its e-mail address."""
    if is_linked and author.account is not None:
        return {**simple_user(author.account, base), "contributions": count}
    return {"email": author.email, "name": author.name, "type": "Anonymous", "contributions": count}


def release(given: Release, repo: Repo, base: str) -> Item:
    """Give a release."""
    url = f"{base}/repos/{repo.full_name}/releases/{given.id}"
    return {
        "url": url,
        "assets_url": f"{url}/assets",
        "upload_url": f"{url}/assets{{?name,label}}",
        "html_url": f"{WEB}/{repo.full_name}/releases/tag/{given.tag}",
        "id": given.id,
        "author": simple_user(given.author, base),
        "node_id": f"RE_{given.id}",
        "tag_name": given.tag,
        "target_commitish": repo.default_branch,
        "name": f"Rehearsal {given.tag}",
        "draft": False,
        "immutable": False,
        "prerelease": given.is_prerelease,
        "created_at": stamp(given.created),
        "updated_at": stamp(given.published),
        "published_at": stamp(given.published),
        "assets": [],
        "tarball_url": f"{base}/repos/{repo.full_name}/tarball/{given.tag}",
        "zipball_url": f"{base}/repos/{repo.full_name}/zipball/{given.tag}",
        "body": "REHEARSAL",
    }


def commit(given: Commit, repo: Repo, base: str) -> Item:
    """Give a commit; REST turns every date into UTC."""
    url = f"{base}/repos/{repo.full_name}/commits/{given.sha}"
    signature = {"name": given.author.name, "email": given.author.email, "date": stamp(given.at)}
    account = simple_user(given.author.account, base) if given.author.account else None
    return {
        "sha": given.sha,
        "node_id": f"C_{given.sha[:20]}",
        "commit": {
            "author": signature,
            "committer": signature,
            "message": given.message,
            "tree": {"sha": given.sha[::-1], "url": f"{base}/repos/{repo.full_name}/git/trees/{given.sha[::-1]}"},
            "url": f"{base}/repos/{repo.full_name}/git/commits/{given.sha}",
            "comment_count": 0,
            "verification": {"verified": False, "reason": "unsigned", "signature": None, "payload": None},
        },
        "url": url,
        "html_url": f"{WEB}/{repo.full_name}/commit/{given.sha}",
        "comments_url": f"{url}/comments",
        "author": account,
        "committer": account,
        "parents": [],
    }


def licence_file(repo: Repo, base: str) -> Item | None:
    """Give the licence's file, None where there is none."""
    if repo.licence is None:
        return None
    url = f"{base}/repos/{repo.full_name}/contents/LICENSE?ref={repo.default_branch}"
    web = f"{WEB}/{repo.full_name}/blob/{repo.default_branch}/LICENSE"
    text = base64.encodebytes(f"REHEARSAL: the text of {repo.licence}".encode()).decode()
    git = f"{base}/repos/{repo.full_name}/git/blobs/{repo.id:040x}"
    return {
        "name": "LICENSE",
        "path": "LICENSE",
        "sha": f"{repo.id:040x}",
        "size": len(text),
        "url": url,
        "html_url": web,
        "git_url": git,
        "download_url": web,
        "type": "file",
        "content": text,
        "encoding": "base64",
        "_links": {"self": url, "git": git, "html": web},
        "license": licence(repo.licence, base),
    }
