"""Habits of this repository that a machine can check."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "trading_ai").rglob("*.py"))
LOCKS = (
    "requirements.lock",
    "requirements-lowest.lock",
    "benchmarks/requirements.lock",
    "docker/requirements.lock",
    "docker/build.lock",
    "docs/requirements.lock",
    "plugins/requirements.lock",
    "tests/assistant/models.lock",
    "tests/assistant/requirements.lock",
    "tests/mutants/requirements.lock",
)
MAX_LINES = 400
VAGUE_NAMES = {"utils", "util", "common", "helpers", "misc", "manager", "managers"}

# Written in pieces, so that this file does not contain what it looks for.
REGISTRY_HOSTS = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("yarnpkg", "com"),
            ("golang", "org"),
            ("crates", "io"),
            ("anaconda", "org"),
            ("rubygems", "org"),
        )
    )
)
MACHINE_PATHS = re.compile(r"(?<![\w.$}*])(?:/" + r"(?:work|root|Users|home)/\w|[A-Z]:\\+" + r"Users\\)")


def tracked_files() -> list[Path]:
    """Files that are in the repository or about to be: neither ignored nor deleted."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def texts() -> dict[str, str]:
    result = {}
    for path in tracked_files():
        data = path.read_bytes()
        if b"\0" not in data[:8192]:
            result[str(path.relative_to(ROOT))] = data.decode("utf-8", errors="replace")
    return result


def test_source_files_stay_readable_in_one_sitting():
    long = {str(p.relative_to(ROOT)): n for p in SOURCES if (n := len(p.read_text("utf-8").splitlines())) > MAX_LINES}
    assert not long, f"split these files, {MAX_LINES} lines is the limit: {long}"


def test_modules_are_named_for_what_they_hold():
    vague = [str(p.relative_to(ROOT)) for p in SOURCES if VAGUE_NAMES & {p.stem, *p.relative_to(ROOT).parts}]
    assert not vague


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_everything_by_hash_and_names_no_host(lock):
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-", text.replace("    --hash=", ""), re.MULTILINE), (
        "options do not belong in a lock file"
    )
    blocks = [block for block in re.split(r"\n(?=\S)", text.strip()) if not block.startswith("#")]
    assert blocks
    for block in blocks:
        assert re.match(r"[A-Za-z0-9._-]+(\[[^]]+\])?==[^ ;]+", block), block.splitlines()[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), f"not hashed: {block.splitlines()[0]}"


def test_every_lock_is_written_by_one_target():
    recipe = re.search(r"^lock:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert recipe is not None
    assert sorted(re.findall(r"-o (\S+)", recipe[1])) == sorted(LOCKS)
    kept = [str(p.relative_to(ROOT)) for p in tracked_files() if p.suffix == ".lock"]
    assert sorted(kept) == sorted(LOCKS)


def test_lock_covers_the_declared_packages():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    locked = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE))
    groups = project["dependency-groups"]
    declared = project["project"]["dependencies"] + groups["build"] + groups["test"] + groups["dev"]
    names = {re.match(r"[A-Za-z0-9._-]+", line)[0].lower() for line in declared if isinstance(line, str)}
    assert names <= locked, "run `make lock`"


def test_lowest_lock_holds_the_lower_bounds_that_are_declared():
    # `requires numpy>=2.0` is a promise that 2.0 works, kept by `make test-lowest` only if 2.0 is what it installs.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    declared = project["project"]["dependencies"] + project["dependency-groups"]["test"]
    locked = pins("requirements-lowest.lock")

    def release(version: str) -> tuple[int, ...]:
        return tuple(int(part) for part in re.findall(r"\d+", version))

    higher = {}
    for line in declared:
        name, lowest = re.match(r"([A-Za-z0-9._-]+)(?:\[.*])?>=([\d.]+)", line).groups()
        if release(locked[name.lower()])[: len(release(lowest))] != release(lowest):
            higher[line] = locked[name.lower()]
    assert not higher, f"raise these bounds to what is tested, then `make lock`: {higher}"


def test_files_name_no_machine_and_no_registry():
    found = [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if MACHINE_PATHS.search(line) or REGISTRY_HOSTS.search(line)
    ]
    assert not found, "\n".join(found)


def test_version_is_the_newest_heading_of_the_changelog():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    headings = re.findall(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == project["version"]
    assert importlib.import_module("trading_ai").__version__ == project["version"]


def test_public_names_resolve():
    package = importlib.import_module("trading_ai")
    missing = [name for name in package.__all__ if not hasattr(package, name)]
    assert not missing
    assert len(set(package.__all__)) == len(package.__all__)


def test_importing_the_package_is_cheap():
    # `import trading_ai` loads names on demand; a command's --help must not wait for a compiler.
    heavy = "{'numba', 'polars', 'sqlalchemy', 'plotly'}"
    code = f"import sys, trading_ai; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_generated_reference_pages_are_up_to_date():
    command = [sys.executable, str(ROOT / "scripts" / "make_reference_docs.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


PAGES = sorted(
    path
    for path in [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "benchmarks/README.md",
        ROOT / "kubernetes/README.md",
    ]
    if path.is_file()
)


def without_code_blocks(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Anchors that forges and the site give to headings: lower case, hyphens for blanks, no other punctuation."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", without_code_blocks(page), re.MULTILINE):
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        n = sum(1 for other in found if re.fullmatch(re.escape(slug) + r"(-\d+)?", other))
        found.add(f"{slug}-{n}" if n else slug)
    return found


def test_documentation_links_lead_somewhere():
    assert len(PAGES) > 40
    broken = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", without_code_blocks(page)):
            if "://" in target or target.startswith("mailto:"):
                continue
            path, _, anchor = target.partition("#")
            there = page.parent / path if path else page
            if not there.exists() or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken, "\n".join(broken)


def test_anchors_are_those_of_a_forge(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A, `b` and C\n\n## Twice\n\n```\n# no heading\n```\n\n## Twice\n\n## See [this](x.md)!\n", "utf-8"
    )
    assert anchors(page) == {"a-b-and-c", "twice", "twice-1", "see-this"}


def test_every_page_is_listed_by_the_index_of_its_folder():
    lost = []
    for page in sorted((ROOT / "docs").rglob("*.md")):
        index = page.parent / "README.md"
        if page == index and page.parent == ROOT / "docs":
            continue
        above = page.parent.parent / "README.md" if page == index else index
        linked = {
            (above.parent / target.partition("#")[0]).resolve()
            for target in re.findall(r"\]\(([^)\s]+)\)", above.read_text("utf-8"))
        }
        if page.resolve() not in linked:
            lost.append(f"{above.relative_to(ROOT)} does not link to {page.relative_to(ROOT)}")
    assert not lost, "\n".join(lost)


def test_make_help_lists_every_phony_target():
    text = (ROOT / "Makefile").read_text("utf-8")
    phony = set(re.findall(r"^\.PHONY: (\S+)", text, re.MULTILINE))
    described = set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))
    assert phony == described


def pins(path: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([^ ;\\]+)", (ROOT / path).read_text(), re.MULTILINE))


@pytest.mark.parametrize("part", ["docker/requirements.lock", "docker/build.lock"])
def test_the_image_installs_what_was_tested(part: str) -> None:
    tested, installed = pins("requirements.lock"), pins(part)
    assert installed
    assert {name: tested.get(name) for name in installed} == installed


@pytest.mark.parametrize("form", ["bug", "feature"])
def test_issue_forms_ask_with_fields_of_their_own(form):
    import yaml

    asked = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / f"{form}.yml").read_text("utf-8"))
    assert {"name", "description", "body"} <= asked.keys()
    fields = [field for field in asked["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in fields} <= {"textarea", "input", "dropdown", "checkboxes"}
    assert len({field["id"] for field in fields}) == len(fields) == sum("label" in f["attributes"] for f in fields)


def test_the_development_container_is_set_up_by_make():
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8")
    settings = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
    assert settings["postCreateCommand"] == "make setup"
    minor = int(re.fullmatch(r"python:3\.(\d+)-\w+", settings["image"])[1])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert minor >= int(project["requires-python"].removeprefix(">=3."))
