"""The pooler that the tests of this folder use."""

from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.integration.servers import PostgresServer
from tests.scale.poolers import SERVER_CONNECTIONS, pgbouncer


def test_many_clients_share_few_connections(postgres: PostgresServer) -> None:
    """
    Ten clients are served by four server connections, each for the time of a transaction.
    """
    with pgbouncer(postgres.new_database()) as url, ThreadPoolExecutor(10) as clients:

        def server_process(_: int) -> int:
            with psycopg.connect(url, prepare_threshold=None) as connection:
                found = connection.execute("SELECT pg_backend_pid()").fetchone()
            return int(found[0]) if found else 0

        used = set(clients.map(server_process, range(40)))

    assert len(used) <= SERVER_CONNECTIONS
