"""The build file, the conda environment and the readmes agree."""

import re
import tomllib
from pathlib import Path

import pytest

import carbon_sink

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements):
    found = {}
    for requirement in requirements:
        name, _, version = re.match(r"([A-Za-z0-9_.-]+)(>=)?(.*)", requirement).groups()
        found[name.lower()] = version.strip()
    return found


def test_environment_yml_lists_what_pyproject_toml_lists():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    listed = names(
        re.findall(r"^\s+- ([A-Za-z0-9_.-]+(?:>=[\d.]+)?)\s*$", text, flags=re.MULTILINE)
    )
    extras = PROJECT["optional-dependencies"]
    wanted = names([*PROJECT["dependencies"], *extras["notebook"], *extras["cbm"], *extras["test"]])
    for name, version in wanted.items():
        assert listed.get(name) == version, name
    strange = set(listed) - set(wanted) - {"conda-forge", "nodefaults", "python", "pip"}
    assert strange == set()


def test_the_version_is_said_once_and_the_same():
    assert PROJECT["version"] == carbon_sink.__version__
    assert f"version: {carbon_sink.__version__}" in (ROOT / "CITATION.cff").read_text(
        encoding="utf-8"
    )
    assert f"## [{carbon_sink.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_changelog_has_a_place_for_changed_results():
    assert "### Changed results" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_both_readmes_give_the_same_two_commands_and_their_files_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", text, flags=re.DOTALL)
    english = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"),
                         flags=re.DOTALL)  # fmt: skip
    assert blocks[:2] == english[:2]
    assert "carbon-sink run" in blocks[0]
    assert "pytest" in blocks[1]
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (ROOT / target).exists(), target


def test_the_ci_runs_the_readme_s_test_command_as_it_is_written():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "README.md" in script


def test_no_file_names_a_machine_path():
    import subprocess

    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.split():
        path = ROOT / name
        if (
            path.suffix in {".py", ".md", ".toml", ".yml", ".csv", ".ipynb", ".cff", ""}
            and path.is_file()
        ):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"(?<![\w.])/(work|root|home)/", text.replace('"/(work', "")), name
