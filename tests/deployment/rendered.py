"""The manifests as a cluster would get them, and how to find one's way in them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
OVERLAYS = ("default", "keda")
EVERYTHING = "overlays/default+services/ollama+monitoring"
"""What one cluster has when every part of the system is deployed."""

FOLDERS = (*(f"overlays/{name}" for name in OVERLAYS), EVERYTHING)
OLDEST_KUBECTL = (1, 27)
WORKLOADS = ("Deployment", "StatefulSet", "Job")
OF_THE_CLUSTER = ("Namespace", "PriorityClass")

Document = dict[str, Any]


@cache
def kubectl() -> str:
    """The program, of this environment or of the system; skips where there is none that is new enough."""
    found = shutil.which("kubectl", path=str(Path(sys.executable).parent)) or shutil.which("kubectl")
    if found is None:
        pytest.skip("kubectl is not installed, and scripts/install-test-tools.sh could not install it")
    answer = subprocess.run([found, "version", "--client", "--output", "json"], capture_output=True, check=True)
    client = json.loads(answer.stdout)["clientVersion"]
    if (int(client["major"]), int(client["minor"].rstrip("+"))) < OLDEST_KUBECTL:
        pytest.skip(f"kubectl {client['gitVersion']} is too old to render the manifests: {OLDEST_KUBECTL} is needed")
    return found


@cache
def text_of(folder: str) -> str:
    """What `kubectl kustomize` makes of a folder, which is given from `kubernetes` or in full."""
    path = ROOT / "kubernetes" / folder
    done = subprocess.run([kubectl(), "kustomize", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, f"Kustomize warns: {done.stderr}"
    return done.stdout


@cache
def documents(folder: str) -> tuple[Document, ...]:
    """The same, parsed; of several folders together where their names are joined with +."""
    return tuple(document for part in folder.split("+") for document in yaml.safe_load_all(text_of(part)))


def of_kind(folder: str, *kinds: str) -> list[Document]:
    """Documents of these kinds."""
    return [d for d in documents(folder) if d["kind"] in kinds]


def find(folder: str, kind: str, name: str) -> Document:
    """The one document of this kind and name."""
    (found,) = (d for d in of_kind(folder, kind) if d["metadata"]["name"] == name)
    return found


def label(document: Document) -> str:
    """A document's name for messages."""
    return f"{document['kind']}/{document['metadata']['name']}"


def namespace(document: Document) -> str:
    """The namespace that a document is in."""
    return str(document["metadata"]["namespace"])


def workloads(folder: str) -> list[Document]:
    """What starts pods."""
    return of_kind(folder, *WORKLOADS)


def pod(workload: Document) -> Document:
    """The pods' specification."""
    return dict(workload["spec"]["template"]["spec"])


def pod_labels(workload: Document) -> dict[str, str]:
    """The pods' labels."""
    return dict(workload["spec"]["template"]["metadata"]["labels"])


def container(workload: Document) -> Document:
    """The only container of the pods."""
    (only,) = pod(workload)["containers"]
    assert "initContainers" not in pod(workload)
    return dict(only)


def secret_keys(workload: Document) -> Iterator[tuple[str, str, str]]:
    """Namespace, Secret and key of every secret value that a workload asks for."""
    for variable in container(workload).get("env", []):
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        if reference:
            yield namespace(workload), reference["name"], reference["key"]


def matches(selector: Document, labels: dict[str, str]) -> bool:
    """Whether a label selector takes these labels."""
    for expression in selector.get("matchExpressions", []):
        assert expression["operator"] == "In", "the tests know no other operator"
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
