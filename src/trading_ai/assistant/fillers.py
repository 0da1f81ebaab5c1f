"""Words of a question that say nothing by themselves.

Whatever changes what is asked is none of them, however often it says nothing: a unit that the answer does not have
(pips, euros), a part of the time (first, later). It is then a word that is not understood, and the question is asked
back.
"""

from __future__ import annotations

_FILLERS = """
% ' 'long-run a able about above-mentioned according account account's account-currency achieve achieved achieves
across actually again along already also although always am amount amounts an and another answer any anyone anyone's
anything anyway approximately are around as asap aside ask asked at available awesome back backtest's based
basically be because become been been's behave behaved being between big bit breakdown brief briefly bring bringing
brings brought btw bucks buddy but by by-by calculate called came can case cases certain certainly cheers choose
chosen clear clearly come come-out comes coming compared completely compute concerning consider cool correspond
corresponding cost-wise could course created curious currency currently da date day definitely deliver delivered
detail detailed details determine did discover display displayed do does doing dollar dollars dollars-wise done
during end ended ending entire especially essentially eventually ever everything evidence evidently exact exactly
expressed fall falls fare fared feel fell figure-out find fine finish-up folks follow for form from fyi gave general
generally generate generated generates get gets give given gives giving gmt go goes got great guess guys had happen
happened happens happy hard has have having he held hello her hey hi his historical historically hmm hold holding
honest honestly how however hows hw i'd i'll i'm i've id idea if imagine improve-on in indeed inside interested
involved is it's itself just keep kept kind kind-of kindly kinds know known lasted lasting lasts learn led let let's
like locate lol look look-like look-up looking looks made made-of made-up make making manage managed many mate may
maybe me-a meant measured mention might moment money money-wise more most-recent much must my-own myself name named
names need needs nice normal noted notice now o'clock observe obtain obviously occur occurring occurs oclock of ok
okay on one ones only only-one onto or ourselves out over over-all overall-ly overall-result overview-ish own
particularly per per-cent per-trade percent percentage percentages percentagewise perform performance performed
performing performs perhaps pick picked place plain platform please pls plz position-wise possible possibly present
pretty probably produce produced produces profitably provide pull put question quite r ran rather ready realize
realized really really-good receive regard regarding remember remind respect respective respectively resulted
resulting results' right roughly run run's running runs said saw say says see seeing seem seems seen serious
seriously set sets setup setups shall she should show-me shown shw simple simply sits so some somehow someone
something somewhere speak specific specifically spent spot stand still stands start-to-finish strategy's stuff such
suggest sure system's take taken taking talk task tell tell-me tested th than thank thanks that that'll the their
theirs them themselves then there there're there's these they they're thing things think those thought through thx
times to too total-wise totally toward traded trades' trading trading-ai trading-days tradingai trial's tried truly
try trying turn turned turned-out turns u uh um understand upon ur us usd usual usually utc value values very via
view want wanted was wat wats way we're we've well went were what what's whatever whats whch when whenever where
whether which whichever while who who're whole whom whose wht why wich will willing wise wish with without-any
wonder wondering work work-out working works would write yes yet yield yielded yields you you're your yours
"""

FILLERS = frozenset(_FILLERS.split())
"""A phrase that they are part of may say something."""
