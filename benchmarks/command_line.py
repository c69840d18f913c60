"""What the benchmarks' command lines have in common: help that shows defaults, whole paragraphs and an example."""

from argparse import Action, ArgumentDefaultsHelpFormatter, ArgumentParser


class _Formatter(ArgumentDefaultsHelpFormatter):
    def _get_help_string(self, action: Action) -> str | None:
        """Without defaults that only state that an option is not given."""
        given = action.default not in (None, []) and action.default is not False
        return super()._get_help_string(action) if given else action.help

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Paragraphs stay apart; indented ones, commands to copy, keep their lines."""
        filled = super()._fill_text
        paragraphs = text.strip("\n").split("\n\n")
        return "\n\n".join(one if one.startswith("  ") else filled(one, width, indent) for one in paragraphs)


def parser(description: str | None, example: str) -> ArgumentParser:
    """example: `python -m benchmarks.NAME …`, a command that can be run as it stands but for the names of files."""
    program = " ".join(example.split()[:3])
    epilog = f"The last line printed is one JSON object with all figures.\n\nexample:\n\n  {example}"
    return ArgumentParser(prog=program, description=description, epilog=epilog, formatter_class=_Formatter)
