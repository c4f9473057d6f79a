"""Writes the words of everyday that are also names, or one letter off one; run again, the same bytes.

`python data/wilayah/build_ordinary_words.py gazetteer_nasional.csv.gz`. The words are those of the reviews, sentences and utterances
in `data/`; names that these texts mean as places are taken out by hand below.
"""  # noqa: INP001  a script beside data, not a package

import csv
import gzip
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

ROOT: Final = Path(__file__).resolve().parents[2]
TARGET: Final = ROOT / "services/classifier/src/siaga_classifier/data/ordinary_words.txt"
WORD: Final = re.compile(r"[a-z]+")
# So often a word must stand in the reviews, in the sentences, in the utterances.
OFTEN: Final = (3, 1, 2)
# Misspelt names are looked for from this length on.
MIN_SIMILAR_CHARS: Final = 6
BLOCK: Final = 500

# Names that the texts mean as places.
PLACES: Final = frozenset(
    """
    bandung dago braga lembang cihampelas surabaya purwakarta bogor palembang bengkulu semarang kasemen ciracas cirebon
    cipaganti garut bekasi depok cilegon makassar yogyakarta walantaka wanayasa subang lombok pandeglang taktakan cimahi
    tangerang jakarta jatiluhur curup banten karawang cikampek brebes cihideung cibadak cianjur citarum cipare ciwidey ciruas
    ciumbuleuit pasirkaliki jember cimanuk cengkareng bangkok bukittinggi bireuen bakauheni sukatani sukasari sukamulya sukau
    sekincau suoh plered cibogo cibening betungan banyumanik banyuasin cikadu ciwaru cimuncang cilowong ciledug cikande
    darangdan drangong kramatwatu kragilan kotabumi kotabaru kepahiang kendal jambi jenggalu indralaya kalimalang
    banjarmasin belalau ciseureuh cikawao cigadung cibanten ciater cisarua prabumulih pariaman pasaman rangkasbitung rengat
    sabang tasikmalaya tembalang pesagi pasirmuncang malabero margasari lumbok lopang lebong lebak kaligandu kayuagung ambon
    medan bali jawa riau papua kalimantan natuna merauke anyer unyur indramayu denpasar aceh toraja solok seluma sumedang
    solo ancol batam bojong bungursari cawang cikopo cinangka ciomas demak enggano gunungkidul kiaracondong kuranji sedayu sukarami
    tembong wates kapuas musi kebumen sukabumi sukajadi tegal bojonegara krui liwa kertapati sukamerindu jakabaring plaju merak
    """.split()  # noqa: SIM905  a hundred quoted words would hide the words
)
# Too rare in the texts, and said every day all the same.
MORE: Final = frozenset({"benteng", "sumur", "muara"})


def main(gazetteer: Path) -> None:
    with gzip.open(gazetteer, "rt", encoding="utf-8", newline="") as stream:
        names = {re.sub("^(kabupaten|kota) ", "", row["nama"].lower()) for row in csv.DictReader(stream)}
    counts = [Counter(words) for words in (reviews(), sentences(), utterances())]
    single = {name for name in names if name.isalpha()}
    ordinary = {
        name for name in single if any(count[name] >= often for count, often in zip(counts, OFTEN, strict=True))
    }
    common = sorted(
        word
        for word in set().union(*counts) - single
        if len(word) >= MIN_SIMILAR_CHARS and counts[0][word] + 2 * counts[1][word] + counts[2][word] > 1
    )
    squeezed = sorted(
        filter(lambda name: len(name) >= MIN_SIMILAR_CHARS, {re.sub("[^a-z]", "", name) for name in names})
    )
    near = set()
    for start in range(0, len(common), BLOCK):
        block = common[start : start + BLOCK]
        away = process.cdist(block, squeezed, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8)
        # None off is a name written as one word.
        near.update(word for word, row in zip(block, away, strict=True) if row.min() == 1)
    words = sorted(word for word in (ordinary | near | MORE) - PLACES if len(word) > 1)
    TARGET.write_text("\n".join(words) + "\n", "utf-8")


def reviews() -> Iterator[str]:
    with gzip.open(ROOT / "data/indonlu/smsa.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            yield from WORD.findall(row["text"].lower())


def sentences() -> Iterator[str]:
    with gzip.open(ROOT / "data/tatoeba_id/tatoeba_ind_eng.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            yield from WORD.findall(row["text_id"].lower())


def utterances() -> Iterator[str]:
    for file in sorted((ROOT / "data/utterances").glob("*.tsv")):
        with file.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
                yield from WORD.findall(row["text"].lower())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
