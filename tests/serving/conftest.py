"""Small applications behind real doors."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import flask
import pytest

from simulator.serving.listener import Aside, Door


@pytest.fixture(scope="session")
def echo() -> flask.Flask:
    """Tells back what it was sent; the query says what is to go wrong."""
    app = flask.Flask("echo")

    @app.route("/<path:path>", methods=["GET", "POST"])
    def tell(path: str) -> flask.Response:
        told = {
            "method": flask.request.method,
            "path": flask.request.full_path,
            "host": flask.request.host,
            "headers": {name.lower(): value for name, value in flask.request.headers},
            "body": flask.request.get_data(as_text=True),
        }
        answer = flask.jsonify(told)
        if (mark := flask.request.args.get("mark")) is not None:
            answer.headers["X-Absim-Transport"] = mark
        if (took := flask.request.args.get("took")) is not None:
            answer.headers["X-Absim-Took-Ms"] = took
        return answer

    return app


@pytest.fixture
def open_door() -> Iterator[Callable[..., Door]]:
    """Opens doors and closes them afterwards."""
    with ExitStack() as stack:
        aside = Aside()
        stack.callback(aside.stop)

        def opened(application: object, **options: int) -> Door:
            door = Door("test", application, aside, **options)  # type: ignore[arg-type]
            stack.callback(door.stop)
            door.start()
            return door

        yield opened
