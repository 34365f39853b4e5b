"""What test mode says, in Turkish or English: sentences that fit any question."""

import random
from typing import Literal, TypeAlias

import attrs

from policies import tokens

Language: TypeAlias = Literal["tr", "en"]

_TURKISH_LETTERS = frozenset("ğşıİĞŞ")
_TURKISH = """
merhaba selam nedir neden hangi kim bir ve bu için ile ama çok evet yaz bana sen ben biz misin musun
midir lütfen kadar gibi olan daha anlat söyle teşekkürler
"""
_TURKISH_WORDS = frozenset(_TURKISH.split())
_ECHO_TOKENS = 16


@attrs.frozen
class Phrases:
    """One language's sentences. `about` opens an answer with the user's words, `plain` without."""

    about: str
    plain: str
    body: tuple[str, ...]
    close: str


PHRASES: dict[Language, Phrases] = {
    "tr": Phrases(
        about="Merhaba! “{words}” diye yazdınız; bu bir test yanıtıdır, hiçbir sağlayıcı çağrılmadı.",
        plain="Merhaba! Bu bir test yanıtıdır, hiçbir sağlayıcı çağrılmadı.",
        body=(
            "Önce konunun özünü ele alalım: kısa, açık ve adım adım ilerlemek en iyisidir.",
            "İlk adımda elinizdeki bilgileri toplayın ve neye ihtiyacınız olduğunu belirleyin.",
            "Ardından küçük bir örnekle başlayıp sonucu gözden geçirmek işinizi kolaylaştırır.",
            "Çoğu zaman en basit çözüm, uzun vadede bakımı en kolay olan çözümdür.",
            "Dikkat edilmesi gereken nokta, her değişiklikten sonra sonucu yeniden denemektir.",
            "Bir zamanlar küçük bir kasabada, gökyüzünü izlemeyi seven meraklı bir çocuk yaşardı.",
            "Güneş doğarken ıssız sokaklarda yürür, her gün yeni bir şey öğrenirdi.",
            "Böylece hem zamandan kazanır hem de olası hataları erkenden görürsünüz.",
        ),
        close="Başka bir sorunuz olursa yardımcı olmaktan memnuniyet duyarım.",
    ),
    "en": Phrases(
        about="You wrote “{words}”; this is a test answer, and no provider was called.",
        plain="This is a test answer, and no provider was called.",
        body=(
            "It helps to look at the heart of the matter first: short, clear and step by step.",
            "Begin by gathering what you already know, and decide what is still missing.",
            "A small example, tried and looked at closely, usually says more than a long plan.",
            "Most of the time the simplest solution is also the one that is easiest to keep.",
            "The thing to watch for is a change whose result nobody has looked at again.",
            "Once upon a time, in a small town, there lived a child who loved to watch the sky.",
            "At sunrise it would walk the empty streets and learn something new every day.",
            "That way you save time, and you see possible mistakes while they are still cheap.",
        ),
        close="If you have another question, I am glad to help.",
    ),
}


def language(text: str) -> Language:
    """Turkish if the text has letters or words that only Turkish has, else English."""
    if not _TURKISH_LETTERS.isdisjoint(text):
        return "tr"
    words = {word.strip(".,!?…:;\"'()").lower() for word in text.split()}
    return "tr" if words & _TURKISH_WORDS else "en"


def compose(question: str, spoken: Language, rng: random.Random) -> str:
    """An answer of three to eight sentences that takes up the question's first words."""
    phrases = PHRASES[spoken]
    words = _echo(question)
    opening = phrases.about.format(words=words) if words else phrases.plain
    body = rng.sample(phrases.body, rng.randint(1, 6))
    return " ".join((opening, *body, phrases.close))


def _echo(question: str) -> str:
    # A client may escape half a surrogate pair in its JSON; no answer could carry it.
    sound = question[:1000].encode("utf-8", "replace").decode()
    pieces = tokens.split(" ".join(sound.split()))
    return "".join(pieces[:_ECHO_TOKENS]) + ("…" if len(pieces) > _ECHO_TOKENS else "")
