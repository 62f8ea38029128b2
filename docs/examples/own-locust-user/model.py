"""A shop with a web site, a chat and a till: 20 customers a second at noon, who choose where they go."""

import footfall as ff

web = ff.Channel(
    "web", ff.RequestServer(32), operations=["browse", "order"], service=ff.exponential(0.005), price=1
)
chat = ff.Channel("chat", ff.RequestServer(32), operations="ask", service=ff.exponential(0.005))
till = ff.Channel("till", ff.RequestServer(1), operations="sale", service=ff.exponential(0.001))

MODEL = ff.Model(
    "web_shop",
    "A shop with a web site, a chat and a till",
    arrivals=ff.per_second({12: 20, 13: 0}),
    wants={"browse": 0.5, "order": 0.2, "ask": 0.2, "sale": 0.1},
    channels=[web, chat, till],
)
