"""What the operator shows and sells: pages, plans, and the words of messages."""

PLANS: dict[str, tuple[str, int]] = {
    "P18": ("日租卡 18 元", 1800),
    "P38": ("畅聊套餐 38 元", 3800),
    "P58": ("上网套餐 58 元", 5800),
    "P88": ("商旅套餐 88 元", 8800),
    "P128": ("家庭套餐 128 元", 12800),
}
"""By code: title and monthly price in fen."""
FIRST_PLAN = "P38"
OPERATIONS = ("transact", "recharge", "purchase", "roaming")
RECHARGE_FEN = range(1000, 50_001)
VOUCHER = "voucher"
ROAMING = "roaming"

PAGES: dict[str, dict[str, object]] = {
    "home": {"title": "首页", "links": ["plans", "offers", "numbers", "help"]},
    "plans": {
        "title": "资费套餐",
        "plans": [
            {"code": code, "title": title, "month_fen": month_fen}
            for code, (title, month_fen) in PLANS.items()
        ],
    },
    "offers": {"title": "优惠活动", "offers": ["充值有礼", "预存话费送流量", "老用户换机"]},
    "help": {
        "title": "帮助",
        "commands": {"CX": "余额", "CZ": "充值", "BL": "办理套餐", "MY": "漫游", "Y": "确认", "N": "取消"},
    },
}
"""Pages that need no login; `numbers` is the sixth of its kind, from the pool."""
