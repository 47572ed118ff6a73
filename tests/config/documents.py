"""documents.py - random documents for a schema: most are right, the rest nearly."""

import copy

VARIABLES = {"WORD": "word", "NUMBER": "5", "SIZE": "32MiB", "EMPTY": "", "TRUTH": "true", "KIND": "memory",
             "TIME": "10s", "RATE": "100/s"}

RIGHT = {
    "size": ["64MiB", "2KiB", "1 GiB", "100000B", "5kB", "7KB", "${SIZE}", "${NUMBER}MB", "${NO:-16KiB}"],
    "duration": ["30s", "1m30s", "5ms", "1h", "${TIME}", "${NUMBER}s", "1h2m3s4ms5us6ns"],
    "rate": ["50000/s", "10/30s", "100/m", "${RATE}", "${NUMBER}/s", "00012/1m30s"],
    "count": [1, 2, 5, 10, 3.0, "${NUMBER}", "${NO:-7}"],
    "string": ["name", "a longer one", "${WORD}", "caf\u00e9", "\u20ac\u20ac", "co$$t", "${EMPTY:-full}", "x${WORD}y"],
    "bool": [True, False, "${TRUTH}", "${NO:-false}"],
}

# Texts and values that are wrong for most options, or right for an option where nobody expects it.
ODD = ["", " ", "5", "64", "64 mib", "1.5MiB", "-1s", "5x", "1s1m", "1/0s", "0/s", "5/", "/s", "0B", "1000000TiB",
       "99999999999999999999s", "${NO}", "${WORD", "$", "$WORD", "${}", "${1}", "${WORD:-${WORD}}", "${WORD:?m}",
       "${NO:?say it}", "$${WORD}", "a$$", "${WORD:-}", "${EMPTY:?empty}", "always", "never", "Always", "x" * 17,
       "x" * 70, "\u20ac" * 6, "\u00e9", "\n", "64MiB\n", "30s\n", "5/s\n", "tr\u00fce", "true", "${WORD:+x}",
       "${WORD:x}", "${WORD:-a b}", "${w-x}",
       None, True, False, 0, 1, -1, 11, 3.5, 1e3, 1e300, 2 ** 53, 2 ** 53 - 1, 2 ** 64, [], ["64MiB"], {},
       {"$file": "word"}, {"$file": "size"}, {"$file": "absent"}, {"$file": ""}, {"$file": 5}, {"$file": "$"},
       {"$file": "${WORD}"}, {"$file": "word", "more": 1}, {"file": "word"}, {"$file": {"$file": "word"}},
       {"$file": "empty"}, {"$file": "big"}, {"$file": "."}]

FILES = {"word": "word\n", "size": "8MiB\r\n", "empty": "", "big": "x" * 70000}


class Generator:
    """Documents from the custom keywords of a schema, so that every option of every type is reached."""

    def __init__(self, schema, random):
        self.random = random
        self.types = {"backend": [], "layer": []}
        for definition in schema["$defs"].values():
            if "x-role" in definition:
                self.types[definition["x-role"]].append(definition)

    def value(self, option):
        if self.random.random() < 0.03:
            return copy.deepcopy(self.random.choice(ODD))
        if option["x-kind"] == "choice":
            return self.random.choice(option["anyOf"][0]["enum"] + ["${NO:-" + option["default"] + "}"])
        return self.random.choice(RIGHT[option["x-kind"]])

    def part(self, role):
        definition = self.random.choice(self.types[role])
        part = {"type": definition["title"]}
        if self.random.random() < 0.03:
            part["type"] = self.random.choice(["${KIND}", "${NO}", "memry", "read_only", "memory", 5, {"$file": "word"},
                                               "$", "${NO:-memory}", "${NO:-solo}"])
        for name, option in definition["properties"].items():
            if name != "type" and (name in definition["required"] or self.random.random() < 0.4):
                part[name] = self.value(option)
        return part

    def document(self):
        document = {"backend": self.part("backend")}
        if self.random.random() < 0.8:
            document["layers"] = [self.part("layer") for _ in range(self.random.choice([0, 1, 1, 2, 3, 5]))]
        if self.random.random() < 0.1:
            document["$schema"] = self.random.choice(["storage.schema.json", "$", 5])
        if self.random.random() < 0.3:
            self.mutate(document)
        return document

    def mutate(self, document):
        """One change somewhere: a key lost, added or misspelt, a value of another kind."""
        place = document
        while self.random.random() < 0.7:
            inner = [value for value in (place.values() if isinstance(place, dict) else place)
                     if isinstance(value, (dict, list)) and value]
            if not inner:
                break
            place = self.random.choice(inner)
        if isinstance(place, list):
            place[self.random.randrange(len(place))] = copy.deepcopy(self.random.choice(ODD))
            return
        key = self.random.choice(list(place))
        change = self.random.randrange(3)
        if change == 0:
            place[key] = copy.deepcopy(self.random.choice(ODD))
        elif change == 1:
            place[key + "x"] = place.pop(key)
        else:
            del place[key]
