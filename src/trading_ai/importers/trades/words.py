"""Words of reports in several languages: sides, and how a position ended."""

from __future__ import annotations

import re
import unicodedata

from trading_ai.engine.records import END_OF_DATA, STOP_LOSS, STOP_OUT, TAKE_PROFIT, TRAILING_STOP
from trading_ai.importers.trades.found import NOT_SAID

_BUY = {
    "buy", "long", "bought", "b", "kauf", "kaufen", "achat", "acheter", "compra", "comprar", "acquisto", "acquista",
    "kopen", "koop", "kupno", "kup", "покупка", "купить", "nákup", "купівля", "alış", "al", "买入", "買入", "买",
    "買い", "매수", "mua", "beli", "شراء", "köp", "vétel", "nakup", "lang", "largo", "longo",
}  # fmt: skip
_SELL = {
    "sell", "short", "sold", "s", "verkauf", "verkaufen", "vente", "vendre", "venta", "vender", "venda", "vendita",
    "vendi", "verkopen", "verkoop", "sprzedaż", "sprzedaj", "продажа", "продать", "prodej", "продаж", "satış", "sat",
    "卖出", "賣出", "卖", "売り", "매도", "bán", "jual", "بيع", "sälj", "eladás", "prodaja", "kurz", "corto",
}  # fmt: skip

# Parts of words that tell how a position ended, by what they mean; without accents, as `folded` leaves them.
_ENDS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (STOP_OUT, re.compile(r"stop ?out|margin call|liquidat|^so[ :]|smart stop")),
    (TRAILING_STOP, re.compile(r"trailing|suiveur|nachlauf|следящ|скользящ")),
    (
        TAKE_PROFIT,
        re.compile(
            r"take[ _-]?profit|^\[?tp\b|^t/?p$|\btp$|\btarget\b|^roi$|gewinnmitnahme|prise de (benefice|profit)"
            r"|toma de (ganancias|beneficios)|realizacao de lucro|тейк|фиксац|获利|止盈|利食|利确|익절|chot loi|kar al"
        ),
    ),
    (
        STOP_LOSS,
        re.compile(
            r"stop[ _-]?loss|stoploss|^\[?sl\b|^s/?l$|\bsl$|^stop$|verlustbegrenz|perdida|стоп|止损|止損|损切|損切|손절"
            r"|cat lo|zarar durdur"
        ),
    ),
    (END_OF_DATA, re.compile(r"end of (test|data|backtest)|close at stop|force[_ ]?exit|^open$|at end")),
)


def folded(text: str) -> str:
    """A text in lower case without accents of Latin letters."""
    parts = unicodedata.normalize("NFKD", text.strip().lower().replace("ı", "i"))
    return "".join(c for c in parts if not unicodedata.combining(c))


def side_of(text: str) -> int:
    """+1 for a word that means to buy, -1 for one that means to sell, 0 for neither."""
    word = text.strip().lower()
    return 1 if word in _BUY else -1 if word in _SELL else 0


def end_of(text: str, *, otherwise: int = NOT_SAID) -> int:
    """The exit reason that a comment or an event's name means, see `engine.records.EXIT_REASONS`.

    Args:
        text: the comment.
        otherwise: the reason where it says nothing known: NOT_SAID, or SIGNAL where only the strategy is left.
    """
    word = folded(text)
    return next((code for code, pattern in _ENDS if pattern.search(word)), otherwise) if word else otherwise
