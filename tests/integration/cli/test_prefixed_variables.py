"""Variables with the prefix, beside those of a host that have the same names."""

from pathlib import Path

from tests.integration.cli.outcomes import CommandLine


def test_the_variables_of_a_host_are_left_alone(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    A command uses the prefixed variable where the host's own would stop it.
    """
    outcome = shop_cli(
        "db", "upgrade", DATABASE_URL="mysql://host", MECHANIC_DATABASE_URL="sqlite:///ours.db"
    )

    assert 0 == outcome.code, outcome.err
    assert (tmp_path / "ours.db").exists()


def test_config_shows_what_the_prefixed_name_sets(shop_cli: CommandLine) -> None:
    """
    `config` shows the setting in force.
    """
    outcome = shop_cli("config", TOKEN_TTL_MIN="9", MECHANIC_TOKEN_TTL_MIN="5")

    assert "TOKEN_TTL_MIN=5\n" in outcome.out


def test_a_failed_start_names_the_variable_as_set(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    A database that cannot be opened is blamed on the variable that was set, here or in `.env`.
    """
    wrong = "sqlite:////nowhere/shop.db"
    from_environment = shop_cli("stock", "check", MECHANIC_DATABASE_URL=wrong)
    (tmp_path / ".env").write_text(f"MECHANIC_DATABASE_URL={wrong}\n")
    from_file = shop_cli("stock", "check")

    expected = "mechanic-shop: MECHANIC_DATABASE_URL: the folder /nowhere does not exist\n"
    assert (2, expected) == (from_environment.code, from_environment.err)
    assert (2, expected) == (from_file.code, from_file.err)
