"""A small shop to load: pages with a session cookie and a CSRF token, and a chat over a WebSocket.

uvicorn --app-dir docs/examples/own-locust-user shop_app:app --port 8085
"""

import secrets
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

SOLD_OUT = 13
"""There is none left of this item."""
tokens: dict[str, str] = {}
"""CSRF token of each session."""


async def login(_: Request) -> Response:
    """Begin a session: a cookie, and a page with the token that its forms must send back."""
    session, token = secrets.token_hex(8), secrets.token_hex(8)
    tokens[session] = token
    answer = HTMLResponse(f'<form><input name="csrf" value="{token}"></form>')
    answer.set_cookie("session", session)
    return answer


async def items(request: Request) -> Response:
    """Show the items to those who have a session."""
    if request.cookies.get("session") not in tokens:
        return JSONResponse({"code": "no_session"}, 403)
    return HTMLResponse("<ul><li>tea</li></ul>")


async def order(request: Request) -> Response:
    """Take an order that comes with the session's own token."""
    form = parse_qs((await request.body()).decode())
    token = tokens.get(request.cookies.get("session", ""))
    if token is None or form.get("csrf") != [token]:
        return JSONResponse({"code": "bad_token"}, 403)
    if form.get("item") == [str(SOLD_OUT)]:
        return JSONResponse({"code": "sold_out"}, 409)
    return JSONResponse({"order": secrets.token_hex(4)}, 201)


async def chat(socket: WebSocket) -> None:
    """Answer every question."""
    await socket.accept()
    try:
        while True:
            question = await socket.receive_text()
            await socket.send_text(f"about {question}: yes")
    except WebSocketDisconnect:
        return


app = Starlette(
    routes=[
        Route("/login", login),
        Route("/items", items),
        Route("/orders", order, methods=["POST"]),
        WebSocketRoute("/chat", chat),
    ]
)
