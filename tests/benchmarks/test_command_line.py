from benchmarks.command_line import parser


def test_help_keeps_paragraphs_and_the_example_and_shows_defaults() -> None:
    cli = parser("First\nparagraph.\n\nSecond.\n", "python -m benchmarks.face --pairs  FILE")
    cli.add_argument("--people", type=int, default=7, help="enrolled")
    cli.add_argument("--out", help="a file")
    cli.add_argument("--all", action="store_true", help="everything")
    cli.add_argument("--oracle", type=int, default=0, help="searched")
    text = cli.format_help()
    assert text.startswith("usage: python -m benchmarks.face [-h]")
    assert "First paragraph.\n\nSecond.\n" in text
    assert text.endswith("example:\n\n  python -m benchmarks.face --pairs  FILE\n")
    assert "enrolled (default: 7)" in text
    assert "searched (default: 0)" in text
    assert text.count("default") == 2
