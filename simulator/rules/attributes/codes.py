"""Closed lists that profile fields and purchases are checked against: countries, languages, currencies, time zones."""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


COUNTRIES = frozenset(
    _words("""
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
""")
)
"""ISO 3166-1 alpha-2, and XK."""

_NAMES_AND_CODES = """
    argentina AR, australia AU, austria AT, belgium BE, brazil BR, canada CA, chile CL, china CN, colombia CO,
    czechia CZ, denmark DK, egypt EG, finland FI, france FR, germany DE, greece GR, hungary HU, iceland IS, india IN,
    indonesia ID, ireland IE, israel IL, italy IT, japan JP, kenya KE, malaysia MY, mexico MX, morocco MA,
    netherlands NL, new zealand NZ, nigeria NG, norway NO, peru PE, philippines PH, poland PL, portugal PT,
    romania RO, saudi arabia SA, singapore SG, south africa ZA, south korea KR, spain ES, sweden SE, switzerland CH,
    taiwan TW, thailand TH, turkey TR, ukraine UA, united arab emirates AE, united kingdom GB, united states US,
    united states of america US, usa US, uk GB, vietnam VN
"""
COUNTRY_NAMES = {pair.strip()[:-3]: pair.strip()[-2:] for pair in _NAMES_AND_CODES.split(",")}
"""Names that are understood although a code is asked for ("best effort" on Braze's page; the list is ours)."""

LANGUAGES = frozenset(
    _words("""
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el
    en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu
    ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na
    nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so
    sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
""")
)
"""ISO 639-1."""

CURRENCIES = frozenset(
    _words("""
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTC BTN BWP BYN BYR BZD CAD
    CDF CHF CLF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EEK EGP ERN ETB EUR FJD FKP GBP GEL GGP GHS GIP GMD
    GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS IMP INR IQD IRR ISK JEP JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT
    LAK LBP LKR LRD LSL LTL LVL LYD MAD MDL MGA MKD MMK MNT MOP MRO MRU MTL MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK
    NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD STD STN
    SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VEF VES VND VUV WST XAF XAG XAU XCD XDR XOF
    XPD XPF XPT YER ZAR ZMK ZMW ZWL
""")
)
"""ISO 4217, with some that are no longer used."""

TIME_ZONE_AREAS = frozenset(
    _words("""
    Africa America Antarctica Arctic Asia Atlantic Australia Brazil Canada Chile Etc Europe Indian Mexico Pacific US
""")
)
TIME_ZONE_NAMES = frozenset(
    _words("""
    UTC GMT UCT Zulu CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB HST Hongkong Iceland Iran Israel Jamaica Japan
    Kwajalein Libya MET MST MST7MDT NZ Navajo PRC PST8PDT Poland Portugal ROC ROK Singapore Turkey WET
""")
)
RAILS_TIME_ZONES = frozenset(
    {
        "Hawaii", "Alaska", "Pacific Time (US & Canada)", "Arizona", "Mountain Time (US & Canada)",
        "Central Time (US & Canada)", "Eastern Time (US & Canada)", "Indiana (East)", "Atlantic Time (Canada)",
        "London", "Dublin", "Lisbon", "Paris", "Madrid", "Berlin", "Rome", "Amsterdam", "Brussels", "Vienna",
        "Stockholm", "Athens", "Istanbul", "Moscow", "Dubai", "Mumbai", "New Delhi", "Singapore", "Hong Kong",
        "Beijing", "Tokyo", "Seoul", "Sydney", "Melbourne", "Auckland",
    }
)  # fmt: skip
"""Braze also knows the names of Rails, for example Eastern Time (US & Canada)."""


def country(text: str) -> str | None:
    """The country code of a code or a name; None for one that is not understood."""
    stripped = text.strip()
    if stripped.upper() in COUNTRIES:
        return stripped.upper()
    return COUNTRY_NAMES.get(stripped.casefold())


def is_time_zone(text: str) -> bool:
    """Whether a time zone has the form of an IANA name or is a known Rails name; no time zone database is asked."""
    area, slash, place = text.partition("/")
    if slash:
        return area in TIME_ZONE_AREAS and bool(place) and all(c.isalnum() or c in "_+-/" for c in place)
    return text in TIME_ZONE_NAMES or text in RAILS_TIME_ZONES
