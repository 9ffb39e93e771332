"""What people write into a label column, and what they call it, in the languages of the corpus. Data, no logic.

Words for true and false stand here in English only: "falso" beside "original" is a fake, beside "verdadero" it is a no, and
fauxwatch asks rather than guesses (``--positive``).
"""

from __future__ import annotations

from typing import Final

__all__ = ["LABEL_NAMES", "NO", "TIME_NAMES", "YES"]

_YES: Final = """
1; 1.0; yes; y; true; t; counterfeit; fake; replica; suspicious; suspected; positive; pos; infringing; infringement; illegal; bad; confirmed
ja; fälschung; gefälscht; plagiat; replik; verdächtig; falschung; gefalscht
oui; contrefaçon; contrefait; contrefacon; contrefaite; faux; fausse; suspect
sí; si; falso; falsa; falsificado; falsificación; falsificacion; imitación; imitacion; réplica; sospechoso
sim; falsificação; falsificacao; pirata; suspeito
contraffatto; contraffazione; sospetto; falsificato
namaak; nep; verdacht
tak; podróbka; podrobka; fałszywy; podrobiony
да; подделка; поддельный; контрафакт; контрафактный; фейк; реплика; копия
так; підробка; підроблений; контрафакція
evet; sahte; taklit; replika; çakma; şüpheli
نعم; مقلد; مزيف; مزور; تقليد
हाँ; हां; नकली; जाली
ya; palsu; tiruan; kw; mencurigakan
có; co; giả; gia; hàng giả; hàng nhái; nhái
ใช่; ปลอม; ของปลอม; ก๊อป
بله; تقلبی; جعلی; بدلی; فیک
是; 假; 假货; 假貨; 仿品; 仿冒; 仿冒品; 高仿; 山寨; 侵权
はい; 偽物; 偽造品; 偽ブランド; 模倣品; コピー品; コピー
예; 네; 가품; 짝퉁; 위조; 위조품; 이미테이션
"""
_NO: Final = """
0; 0.0; no; n; false; f; genuine; authentic; original; real; clear; clean; negative; neg; ok; okay; fine; legit; legitimate; not counterfeit; not fake; legal; good; rejected
nein; echt; unverdächtig
non; authentique; véritable; veritable; légitime; legitime
auténtico; autentico; genuino; legítimo; legitimo
não; nao; autêntico; autentica; genuína; genuino
originale; legittimo
nee; origineel; authentiek
nie; oryginał; oryginal; oryginalny; autentyczny
нет; оригинал; подлинный; подлинник; оригинальный; настоящий; чисто
ні; оригінал; оригінальний; справжній
hayır; hayir; orijinal; gerçek; özgün; hakiki
لا; أصلي; اصلي; حقيقي
नहीं; असली; मूल
tidak; bukan; asli; ori; tulen; aman
không; khong; thật; chính hãng; hàng thật; hàng chính hãng
ไม่ใช่; ไม่; แท้; ของแท้
خیر; نه; اصل; اورجینال
否; 真; 正品; 真品; 正版; 不是
いいえ; 本物; 正規品; 真正
아니오; 아니요; 정품; 진품
"""
# In this order; the first that a table has is taken.
_LABEL_NAMES: Final = """
counterfeit; is counterfeit; label; labels; is fake; fake; is infringing; infringing; suspicious; is suspicious; resolution; verdict; target; class; decision; outcome; annotation; y
etikett; kennzeichnung; fälschung; urteil; étiquette; etiquette; contrefaçon; contrefacon; etiqueta; falso; es falso; falsificado; rótulo; rotulo; é falso; falsificação; etichetta; contraffatto
метка; подделка; контрафакт; разметка; вердикт; мітка; підробка; etykieta; podróbka; etiket; sahte; التصنيف; مقلد; مزيف; लेबल; नकली; palsu; nhãn; hàng giả; ปลอม; ป้ายกำกับ; برچسب; تقلبی
标签; 標籤; 是否假货; 假货; 是否侵权; 仿品; ラベル; 偽物; 라벨; 가품; 가품여부; 짝퉁
"""
_TIME_NAMES: Final = """
labelled at; labeled at; label date; created at; created; date; timestamp; time; listed at; published at; first seen; crawled at; scraped at; updated at; item date; datum; fecha; data; дата; 日期; 日付; 날짜
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for line in text.splitlines() for word in line.split(";") if word.strip())


YES: Final[frozenset[str]] = frozenset(word.casefold() for word in _words(_YES))
NO: Final[frozenset[str]] = frozenset(word.casefold() for word in _words(_NO))
LABEL_NAMES: Final[tuple[str, ...]] = _words(_LABEL_NAMES)
TIME_NAMES: Final[tuple[str, ...]] = _words(_TIME_NAMES)
