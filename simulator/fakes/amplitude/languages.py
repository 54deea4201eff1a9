"""The language names that Amplitude stores in the place of language tags (ISO 639-1, English names)."""

from __future__ import annotations

_NAMES = (
    "aa Afar;ab Abkhazian;af Afrikaans;ak Akan;am Amharic;an Aragonese;ar Arabic;as Assamese;av Avaric;ay Aymara;"
    "az Azerbaijani;ba Bashkir;be Belarusian;bg Bulgarian;bi Bislama;bm Bambara;bn Bengali;bo Tibetan;br Breton;"
    "bs Bosnian;ca Catalan;ce Chechen;ch Chamorro;co Corsican;cr Cree;cs Czech;cv Chuvash;cy Welsh;da Danish;"
    "de German;dv Divehi;dz Dzongkha;ee Ewe;el Greek;en English;eo Esperanto;es Spanish;et Estonian;eu Basque;"
    "fa Persian;ff Fulah;fi Finnish;fj Fijian;fo Faroese;fr French;fy Western Frisian;ga Irish;gd Scottish Gaelic;"
    "gl Galician;gn Guarani;gu Gujarati;gv Manx;ha Hausa;he Hebrew;hi Hindi;hr Croatian;ht Haitian;hu Hungarian;"
    "hy Armenian;hz Herero;ia Interlingua;id Indonesian;ig Igbo;is Icelandic;it Italian;iu Inuktitut;iw Hebrew;"
    "ja Japanese;jv Javanese;ka Georgian;kg Kongo;ki Kikuyu;kk Kazakh;kl Kalaallisut;km Khmer;kn Kannada;ko Korean;"
    "ks Kashmiri;ku Kurdish;kw Cornish;ky Kyrgyz;la Latin;lb Luxembourgish;lg Ganda;li Limburgish;ln Lingala;lo Lao;"
    "lt Lithuanian;lu Luba-Katanga;lv Latvian;mg Malagasy;mh Marshallese;mi Maori;mk Macedonian;ml Malayalam;"
    "mn Mongolian;mr Marathi;ms Malay;mt Maltese;my Burmese;na Nauru;nb Norwegian Bokmål;ne Nepali;nl Dutch;"
    "nn Norwegian Nynorsk;no Norwegian;nv Navajo;ny Nyanja;oc Occitan;om Oromo;or Oriya;os Ossetic;pa Punjabi;"
    "pl Polish;ps Pashto;pt Portuguese;qu Quechua;rm Romansh;rn Rundi;ro Romanian;ru Russian;rw Kinyarwanda;"
    "sa Sanskrit;sc Sardinian;sd Sindhi;se Northern Sami;sg Sango;si Sinhala;sk Slovak;sl Slovenian;sm Samoan;"
    "sn Shona;so Somali;sq Albanian;sr Serbian;ss Swati;st Southern Sotho;su Sundanese;sv Swedish;sw Swahili;ta Tamil;"
    "te Telugu;tg Tajik;th Thai;ti Tigrinya;tk Turkmen;tl Tagalog;tn Tswana;to Tongan;tr Turkish;ts Tsonga;tt Tatar;"
    "ty Tahitian;ug Uyghur;uk Ukrainian;ur Urdu;uz Uzbek;ve Venda;vi Vietnamese;vo Volapük;wa Walloon;wo Wolof;"
    "xh Xhosa;yi Yiddish;yo Yoruba;za Zhuang;zh Chinese;zu Zulu"
)
LANGUAGES: dict[str, str] = {entry[:2]: entry[3:] for entry in _NAMES.split(";")}


def language_name(tag: str) -> str:
    """The name for a tag such as `en-US`, `pt_BR` or `DE`; what is no known tag stays as it is."""
    primary = tag.replace("_", "-").partition("-")[0].lower()
    return LANGUAGES.get(primary, tag)
