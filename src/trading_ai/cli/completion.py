"""`trading-ai completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import sys

import typer
from typer.completion import get_completion_script  # type: ignore[attr-defined]  # its place, if not its list, is public

from trading_ai.cli.commands import COMPLETE_VARIABLE
from trading_ai.errors import InputError

SHELLS = {"bash": "bash", "zsh": "zsh", "fish": "fish", "powershell": "powershell", "pwsh": "pwsh"}


def completion(*, shell: str = typer.Argument(..., help="bash, zsh, fish, powershell or pwsh (PowerShell 7).")) -> None:
    """Print the script that completes commands and options in a shell.

    bash: trading-ai completion bash > ~/.local/share/bash-completion/completions/trading-ai

    zsh: trading-ai completion zsh > a file named _trading-ai in a folder of $fpath

    fish: trading-ai completion fish > ~/.config/fish/completions/trading-ai.fish

    PowerShell: trading-ai completion pwsh >> $PROFILE
    """
    name = shell.strip().lower()
    if name not in SHELLS:
        raise InputError("is not a shell", parameter="shell", value=shell, remedy=f"Use {', '.join(SHELLS)}")
    script = get_completion_script(prog_name="trading-ai", complete_var=COMPLETE_VARIABLE, shell=SHELLS[name])
    sys.stdout.write(script.strip() + "\n")
