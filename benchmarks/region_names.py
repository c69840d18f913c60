"""Given names of the Horn of Africa and the Maghreb in the spellings that registers hold. Frequencies are assumed.

Each line: Arabic, then romanisations, English and French usage first, Somali where it differs. Made for measuring: the
comparison's own rules did not make these spellings.
"""

import random

MALE = """
محمد|Mohamed|Mohammed|Muhammad|Maxamed
أحمد|Ahmed|Ahmad|Axmed
علي|Ali|Aly|Cali
حسن|Hassan|Hasan|Xasan
إبراهيم|Ibrahim|Brahim|Ibraahim
عبد الله|Abdallah|Abdullah|Abdillahi|Cabdullaahi
عمر|Omar|Umar|Oumar|Cumar
حسين|Hussein|Houssein|Hussain|Xuseen
يوسف|Youssouf|Yusuf|Youssef|Yuusuf
عبد الرحمن|Abdourahman|Abderrahmane|Abdirahman|Abdulrahman|Cabdiraxmaan
إسماعيل|Ismail|Ismael|Smail|Ismaaciil
سعيد|Said|Saeed|Saïd|Siciid
موسى|Moussa|Musa|Muuse
آدم|Adam|Aden|Aadan
عثمان|Osman|Othmane|Ousmane|Cismaan
داود|Daoud|Dawood|Daauud
جامع|Djama|Jama|Jaamac
صالح|Saleh|Salah|Saalax
خالد|Khaled|Khalid|Khaalid
مصطفى|Mustafa|Mostafa|Moustapha|Mustafe
حمزة|Hamza|Hamzah|Xamse
إدريس|Idriss|Idris|Driss
سليمان|Souleiman|Sulaiman|Suleiman|Saleebaan
محمود|Mahmoud|Mahmood|Maxamuud
ياسين|Yassin|Yacine|Yaasiin
كمال|Kamal|Kamel|Kamil
رشيد|Rachid|Rashid|Rashiid
ناصر|Nasser|Nasir|Naasir
جمال|Jamal|Djamal|Jamaal
طاهر|Taher|Tahir|Daahir
بلال|Bilal|Bilel|Bilaal
أنور|Anwar|Anouar|Anwer
فارح|Farah|Fareh|Faarax
جيلي|Guelleh|Gelleh|Geelle
روبلي|Robleh|Roble|Rooble
وارسمة|Warsama|Warsame|Warsamah
عوالي|Awaleh|Awale|Cawaale
دعالة|Doualeh|Duale|Ducaale
ميغن|Miguil|Miguel|Miigil
أبتيدون|Abtidon|Abtidoon|Abtidun
حبيب|Habib|Habeeb|Xabiib
منير|Mounir|Munir|Muniir
سمير|Samir|Sameer|Samiir
وليد|Walid|Waleed|Waliid
كريم|Karim|Kareem|Kariim
فؤاد|Fouad|Fuad|Fuaad
مالك|Malik|Malek|Maalik
زكريا|Zakaria|Zakariya|Zakarie
عيسى|Issa|Eissa|Ciise
هارون|Haroun|Harun|Haaruun
أيوب|Ayoub|Ayyub|Ayuub
بشير|Bachir|Bashir|Bashiir
لقمان|Louqman|Luqman|Lokman
غالب|Ghaleb|Galib|Qaalib
"""
FEMALE = """
فاطمة|Fatima|Fatouma|Fatma|Faadumo
عائشة|Aicha|Aisha|Aïcha|Caasha
خديجة|Khadija|Kadidja|Khadidja|Khadiija
مريم|Mariam|Maryam|Meryem|Maryan
أمينة|Amina|Aminah|Aamina
زينب|Zeinab|Zainab|Zaynab|Seynab
حليمة|Halima|Halimah|Xaliimo
زهرة|Zahra|Zohra|Sahra
أسماء|Asma|Asmaa|Esma
هدى|Houda|Huda|Hoda
سعاد|Souad|Suad|Sucaad
نعيمة|Naima|Naïma|Naeema
حواء|Hawa|Haoua|Xaawo
سمية|Soumaya|Sumaya|Sumaia
رحمة|Rahma|Rahmah|Raxma
ليلى|Leila|Layla|Leyla
سارة|Sara|Sarah|Saara
نور|Nour|Noor|Nuur
إيمان|Iman|Imane|Iimaan
حبيبة|Habiba|Habibah|Xabiiba
صفية|Safia|Safiya|Safiyo
كلثوم|Kaltoum|Kulthum|Kaltuun
رقية|Roukia|Ruqayya|Rukiya|Ruqiya
سميرة|Samira|Sameera|Samiira
نادية|Nadia|Nadiya|Naadiya
حسناء|Hasna|Hassna|Xasna
جميلة|Jamila|Djamila|Jamiila
فوزية|Fawzia|Fouzia|Fowsiya
إكرام|Ikram|Ikrame|Ikraan
هيبو|Hibo|Heibo|Hiibo
إيفراح|Ifrah|Efrah|Ifraax
نسرين|Nasrin|Nesrine|Nasriin
شكري|Choukri|Shukri|Shoukri
أوباح|Oubah|Ubah|Ubax
كادرا|Kadra|Khadra|Qadra
دقا|Dega|Deeqa|Deka
رودا|Roda|Rodah|Roodo
مليكة|Malika|Maleeka|Maliika
بهجة|Bahja|Bahdja|Bahjo
عبلة|Abla|Ablah|Cabla
إلهام|Ilham|Elham|Ilhaan
هناء|Hana|Hanaa|Hannah
وردة|Warda|Ouarda|Wardo
سلمى|Salma|Selma|Salmo
ياسمين|Yasmine|Yasmin|Yaasmiin
نجاة|Najat|Nadjat|Najaat
"""


def spellings(text: str) -> list[tuple[str, ...]]:
    """The lines of MALE or FEMALE, the most frequent names first: Arabic, then romanisations."""
    return [tuple(line.split("|")) for line in text.strip().splitlines()]


_CONSONANTS = [
    *("ب|b", "ت|t", "ج|dj|j", "ح|h|x", "د|d", "ر|r", "ز|z", "س|s"),
    *("ش|ch|sh", "ف|f", "ق|q|k", "ك|k", "ل|l", "م|m", "ن|n", "و|w|ou"),
]
_VOWELS = ["|a", "ا|a|aa", "ي|i|ii", "و|ou|u"]


def rare_names(*, seed: int, female: bool, count: int = 400) -> list[tuple[str, ...]]:
    """Names of three or four consonants at random, in the form of `spellings`."""
    rng = random.Random(seed)  # not for secrets
    return [_rare(rng, female=female) for _ in range(count)]


def _rare(rng: random.Random, *, female: bool) -> tuple[str, ...]:
    written = ["", "", ""]
    for _ in range(rng.choice((3, 3, 4))):
        for letters in (rng.choice(_CONSONANTS), rng.choice(_VOWELS)):
            arabic, *latin = letters.split("|")
            for place, text in enumerate((arabic, latin[0], latin[-1])):
                written[place] += text
    ends = ("ة", "a", "a") if female else ("", "", "")
    return tuple(text + end for text, end in zip(written, ends, strict=True))
