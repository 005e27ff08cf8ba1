"""Words that say nothing of a market, whatever is called so: the language's, ours and English."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache
from keyword import kwlist, softkwlist

from genomes.check.names import METHOD_NAMES, RESERVED
from genomes.language import VOCABULARY
from genomes.language.graph import EXIT_RANGES
from genomes.language.reference import page
from genomes.language.series import METHODS
from genomes.language.table import OPERATORS
from genomes.prompt import PLACEHOLDERS
from genomes.prompts import texts as prompts
from genomes.strategies import texts as strategies
from sandbox.market.panel import CLOCK_FIELDS, OHLCV

_WORD = re.compile(r"[^\W\d_]{3,}")


def _keywords() -> Iterator[str]:
    """Names of arguments: a strategy may write `lower=0`."""
    for made in VOCABULARY.values():
        yield from inspect.signature(made).parameters
    for kind, names in METHODS.items():
        for name in names:
            method = getattr(kind, name)
            if callable(method):
                yield from inspect.signature(method).parameters


LANGUAGE = frozenset(
    (*kwlist, *softkwlist, *RESERVED, *METHOD_NAMES, *OPERATORS, *OHLCV, *CLOCK_FIELDS,
     *EXIT_RANGES, *(arg.name for row in OPERATORS.values() for arg in row.args), *_keywords(),
     *PLACEHOLDERS, "m", "p", "f", "s", "options", "span", "adjust", "alpha", "periods", "window",
     "genomes", "language", "import", "name", "asset", "assets", "date", "dates", "market", "the")
)  # fmt: skip
"""Words that mean something where they stand: they stay, as they are written here."""

_COMMON = """
a all am an and any are as at be best big but buy by can cash cost day did do down edge fast flat
for from fund funds gain get go good has have he hold if in into is it key kind line live long loss
man me month more most move my near new next no not now of off on one or our out own play post price
real rise safe sell she short so some stay stop than that their them then they this to true turn two
up us use very was we well were what when where who will with you default daily data hourly bars
main test train prices stocks futures crypto
"""
COMMON = frozenset(_COMMON.split())
"""A symbol written like one of these, in small letters, is left alone."""

_ENGLISH = """
ability able above abs accept access account ace across act active actual add adx after again
against age ago agree ahead aid aim air allow almost alone along alpha already also although always
amid among amount angle animal answer apart app apply apr april area arm army art article ask asset
assume atom atr aug august avg aware away baby back bad bag balance ball band bank base basic basis
bath bear beat because become bed before begin behind being believe bell below bend beside besides
bet beta between beyond bias bid bill bird birth bit bite black blind block blood blow blue board
boat body bold boll bond bonds bone book boom boost boot border born boss both bottom bound bowl box
boy brain branch brand brave bread break bright bring broad brother brown brush budget bug build
bull bump burn bus bush business busy button buyer cab cake call calm calmar camp camping cap
capital car card care carry case cast cat catch cause cci cell center century certain chain chair
chance charge chart chase cheap check chief child choice choose circle city civil claim class clean
clear clever clock cloth cloud club coal coast coat code coin coins cold color come commodities
commodity common complete condition contain control cook cool cope copy core corn corner correct
could count country couple courage course court cover crash create credit crew crisis crop cross
crowd cry cube cup cure currencies currency curve custom cut cycle dad damage dance danger dare dark
dash days dead deal dear death debt dec december decide deck deep degree delay delta dema demand den
dense deny depth design desk despite detail dev diff dig dime dip dirt dish dock doctor does dog
doing dollar donchian done door dot double doubt doubts dozen draft drag draw drawdown dream dress
drift drink drive drop dry due dull during dust duty each ear early earn earth ease east easy eat
echo economy egg eight either elect eleven else ema empty end enemy energy engine enjoy enough enter
entry equal equity era error etf etfs even ever every exact example except exist exp expect extra
eye face fact fade fail fair fall false fame family fan far farm fat fate father fear feb february
fed fee feed feel fees fell few field fifth fight file fill film final find fine finger finish fire
firm first fish fit five fix flag flash flex flight flip floor flow fly focus fold folk follow food
foot force foreign form forth fortune found four fourth fox frame free fresh fri friday friend front
fruit fuel full fun future game gamma gap garden gas gate gave gear general gentle giant gift girl
give given glad glass global goal goes going gone got grab grade grain grand grant graph grass gray
great green grew grid gross ground group grow growth guard guess guide gun guy habit had hair half
hall hand hang happen happy hard harm hat hate having head heal health hear heart heat heavy hedge
height held hell help hence her here hereby hero hers herself hide high hill him himself hint hire
his history hit hma hole home honest honor hood hop hope horse host hot hotel hour hours house how
huge human humor hundred hunt hurt ice icon idea ideal image impact inch include index indices inner
input inside instead investor investors ion iron island issue item its itself jam jan january jar
jaw jet job join joint joke joy judge juice jul july jump jun june just kama keen keep keltner kept
kick kid kill kin king kiss knee knew knife know kurt lab lack lady lag lake lamp land lane large
last late later latter laugh law lay layer lead leaf leap learn least leave led left leg lend length
less let letter level leverage lid lie life lift light like limit link lip list listen little load
loan local lock log logic look loop lose lost lot loud love low luck lunch macd made magic mail
mainly major make mall many map mar march margin mark mask mass mat match mate matter max may maybe
meal mean meant measure meat media median medium meet member memory men mental menu mere merit met
metal method mfi mid middle might mile milk mill million min mind mine minor minus minute minutes
miss mix mode model modern mom momentum mon monday months mood moon moral mostly mother motion mount
mouse mouth much mud music must myself name narrow nation nature nearly neck need neg neither nest
net never news nice night nine noise none noon nor norm normal north nose note nothing noun nov
novel november nowhere null number nut oak object obv oct october odd offer office often oil old
older omit once only onto open option options orbit order other otherwise ought ours outer outside
over overall owe owner pace pack page paid pain pair pale pan panel panic paper parent park part
partly party pass past path pattern pause pay pct peace peak peer pen people per percent perfect
perhaps period pet phase phone photo pick picture piece pile pin pink pipe pit pitch place plain
plan plane plant plate please plenty plot plus pnl pocket poem poet point pole poll pool poor pop
port pos pose position pot pour power press pretty pride prime print prior prize pro problem process
profit project proof proper proud prove pull pump pure purpose push put quality quarter queen
question quick quiet quit quite race radio rail rain ran random range rank rare rarely rate rates
rather ratio raw ray reach react read ready really reason recent record red region regular relate
rely remain rent repair repeat reply repo report rescue rest result ret return reveal reversal rho
rice rich rid ride ridge right ring risk river road roc rock role roll roof room root rope rose
rough round route row royal rsi rub rule run rush sad said sail sale salt same sample sand sat
saturday save saw say scale scene school science score sea seal search season seat second secret
sector see seed seek seem seen seldom self seller send senior sense sent sep sept september series
serve service set seven several shade shadow shall shan shape share sharp sharpe shed sheet shelf
shell shift ship shirt shock shoe shop shore shot should show shut sick side sig sight sigma sign
signal silent silver similar simple since sing single sink sir sister sit site six size skew skill
skin sky sleep slice slide slip slope slow sma small smart smile smoke smooth snap snow social soft
soil sold solid solo solve sometimes somewhat son song soon sort sortino soul sound source south
space span spare speak special speech speed spell spend spin spirit split spoke sport spot spread
spreads spring sqrt square stack staff stage stair stake stamp stand star start state station status
std steady steal steam steel step stick stiff still stir stock stone stood store storm story strange
stream street stress stretch strike string strip strong study stuff style subject success such
sudden sugar suit sum summer sun sunday super supply sure surface swap swaps sweet swim swing switch
symbol system tab table tail take tale talk tall tank tap tape target task taste tax tea teach team
tear tech tell tema ten tend tent term text thank the themselves theory there thereby therefore
these theta thick thin thing things think third those though thousand thread three threw throughout
throw thu thursday thus ticket tide tie tight tile till time tiny tip tire title today toe together
token tokens told tomorrow ton tone too took tool tooth top total touch tough tour toward tower town
toy track trade trader traders tradition trail trap travel tree trend trends trial tribe trick trim
trip triple truck trust truth try tube tue tuesday tune turbo twelve twice twin type ugly under
union unit unite unless unlike until unto upon upper upset urban urge usual usually valley value van
var various vary vast vega vein verb versus via victory video view village virtue visit visual vital
voice void vol vola volume vote vwap wage wait wake walk wall want war warm warn wash waste watch
water wave way weak wealth weapon wear weather web wed wedge wednesday week weeks weigh weight west
wet whatever wheel whenever wherever whether which while white whoever whole whom whose why wide
wife wild win wind window wine wing winner winter wire wise wish within without wma woman won wonder
wood word work world worry worse worst worth would wound wrap write wrong yard years yes yesterday
yet yield yields young your yours yourself youth zero zone
"""


@cache
def everyday() -> frozenset[str]:
    """Small-letter words that may stand in any text, though a symbol in capitals is called so.

    English; and the words of our own prompts, of the language's page and of what the seeds say of
    themselves, which models read in every market.
    """
    ours = (*prompts().values(), page(), *(text.split('"""')[1] for text in strategies().values()))
    words = {word for text in ours for word in _WORD.findall(text.casefold())}
    return frozenset(words.union(_ENGLISH.split(), COMMON, (word.casefold() for word in LANGUAGE)))
