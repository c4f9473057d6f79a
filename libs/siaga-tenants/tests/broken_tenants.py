"""Typos in a tenant's data, and the complaint that each must give."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """In a file, one text replaced by another; the complaint, and how many lines below the replacement it points."""

    name: str
    old: str
    new: str
    expected: str
    below: int = 0


CASES = {
    "conversation that is never quiet": Case(
        "tenant.yaml",
        "timezone: Asia/Jakarta",
        "timezone: Asia/Jakarta\nconversations: {stale_seconds: 0}",
        "conversations.stale_seconds: 0 is not a number from 1 to 86400",
        below=1,
    ),
    "consent that is neither yes nor no": Case(
        "tenant.yaml",
        "timezone: Asia/Jakarta",
        "timezone: Asia/Jakarta\nlearning: sometimes",
        "learning: is a text, must be true or false",
        below=1,
    ),
    "verify token in the open": Case(
        "sources.yaml",
        "- {kind: asterisk, instance: pbx1}",
        "- {kind: whatsapp, instance: wa1, verify_token_sha256: open}",
        "sources[0].verify_token_sha256: is not a SHA-256 in 64 lower-case hex digits; `./siaga source rotate` makes one",
    ),
    "code as number": Case(
        "tenant.yaml",
        'code: "36.73"',
        "code: 36.73",
        "code: is a number, must be a kode wilayah like '36.73'; put it in quotes",
    ),
    "code of another folder": Case(
        "tenant.yaml",
        'code: "36.73"',
        'code: "36.74"',
        "code: '36.74' is not the code of the folder 36.73-kota-serang; make them the same",
    ),
    "unknown time zone": Case(
        "tenant.yaml",
        "Asia/Jakarta",
        "Asia/Jakata",
        "timezone: 'Asia/Jakata' is not known; did you mean 'Asia/Jakarta'?",
    ),
    "operator twice": Case(
        "tenant.yaml",
        "op-02",
        "op-01",
        "operators[1]: 'op-01' stands twice; remove one of them",
    ),
    "unknown source kind": Case(
        "sources.yaml",
        "kind: asterisk",
        "kind: asterix",
        "sources[0].kind: 'asterix' is not known; did you mean 'asterisk'?",
    ),
    "source twice": Case(
        "sources.yaml",
        "kind: freeswitch, instance: fs1",
        "kind: asterisk, instance: pbx1",
        "sources[1]: source asterisk/pbx1 stands twice; give it another instance name",
    ),
    "bad token hash": Case(
        "sources.yaml",
        "instance: pbx1",
        "instance: pbx1, token_sha256: abc",
        "sources[0].token_sha256: is not a SHA-256 in 64 lower-case hex digits; `./siaga source rotate` makes one",
    ),
    "fairness at the cost of a life": Case(
        "dispatch.yaml",
        "join_minutes: 15",
        "join_minutes: 15\ntie_band_s: {P1: 60}",
        "tie_band_s.P1: unknown key; use one of: P2, P3, P4",
        below=1,
    ),
    "post that nobody can cover": Case(
        "coverage.yaml",
        "minimum: 3",
        "minimum: 18",
        "posts[2]: wants 18 free puskesmas, but units.yaml has 16 that fit; "
        "a post that can never be covered warns for ever: lower the minimum or add units",
        below=-6,
    ),
    "post twice": Case(
        "coverage.yaml",
        "post_id: damkar-timur",
        "post_id: damkar-kota",
        "posts[1].post_id: 'damkar-kota' stands twice; give it another id",
    ),
    "post near by two measures": Case(
        "coverage.yaml",
        "- post_id: damkar-kota",
        "- within_m: 500\n    post_id: damkar-kota",
        "posts[0]: must say how near help is, by within_minutes or within_m, and not by both",
    ),
    "hours that end as they begin": Case(
        "coverage.yaml",
        "{from: 21, to: 6, minimum: 2}",
        "{from: 6, to: 6, minimum: 2}",
        "posts[2].hours[0].to: is the hour at which it begins; write 'from: 0, to: 24' for the whole day",
    ),
    "own area of a unit that is not there": Case(
        "dispatch.yaml",
        "join_minutes: 15",
        'join_minutes: 15\nown_areas: {held_back_s: 30, units: {"36.73.01": [3673-DMK-1]}}',
        "own_areas.units.36.73.01[0]: '3673-DMK-1' is not known; did you mean '3673-DMK-01'?",
        below=1,
    ),
    "own area that is none": Case(
        "dispatch.yaml",
        "join_minutes: 15",
        'join_minutes: 15\nown_areas: {held_back_s: 30, units: {"36.73.99": []}}',
        "own_areas.units.36.73.99: '36.73.99' is in no row of gazetteer.csv; write the code of a kecamatan or desa in quotes",
        below=1,
    ),
    "own area that keeps people waiting": Case(
        "dispatch.yaml",
        "join_minutes: 15",
        "join_minutes: 15\nown_areas: {held_back_s: 600, units: {}}",
        "own_areas.held_back_s: 600 is not a number from 0 to 180",
        below=1,
    ),
    "misspelt key": Case(
        "sanctions.yaml",
        "watch_at: 3",
        "wacth_at: 3",
        "wacth_at: unknown key; did you mean 'watch_at'?",
    ),
    "weight of a silent call": Case(
        "sanctions.yaml",
        "ghost: 0",
        "ghost: 1",
        "weights.ghost: 1 is not a number from 0 to 0",
    ),
    "weight of an abandoned call": Case(
        "sanctions.yaml",
        "abandon: 0",
        "abandon: 0.5",
        "weights.abandon: 0.5 is not a number from 0 to 0.2",
    ),
    "unknown outcome": Case(
        "sanctions.yaml",
        "  misdirected: 0",
        "  misdirected: 0\n  missdirected: 0",
        "weights.missdirected: unknown key; did you mean 'misdirected'?",
        below=1,
    ),
    "block of a month": Case(
        "sanctions.yaml",
        "temporary_hours: 24",
        "temporary_hours: 720",
        "temporary_hours: 720 is not a number from 1 to 168",
    ),
    "hours and a half": Case(
        "sanctions.yaml",
        "temporary_hours: 24",
        "temporary_hours: 1.5",
        "temporary_hours: 1.5 is not a whole number",
    ),
    "block before warning": Case(
        "sanctions.yaml",
        "temporary_above: 5",
        "temporary_above: 4",
        "temporary_above: must be at least warn_at, and warn_at at least watch_at; "
        "a caller is warned before anything else happens",
    ),
    "shared number in local form": Case(
        "sanctions.yaml",
        "shared_numbers: []",
        'shared_numbers: ["0254200112"]',
        "shared_numbers[0]: '0254200112' is not a number like +62254200112",
    ),
    "ladder that falls": Case(
        "dispatch.yaml",
        "[2000, 5000,",
        "[5000, 2000,",
        "radius_ladder_m: must rise from step to step; write it like [2000, 5000, 15000, 40000]",
    ),
    "text for number": Case(
        "dispatch.yaml",
        "join_minutes: 15",
        "join_minutes: lima",
        "join_minutes: is a text, must be a number from 0 to 1440",
    ),
    "word for flag": Case(
        "dispatch.yaml",
        "auto_close: true",
        "auto_close: yes",
        "auto_close: is a text, must be true or false",
    ),
    "unknown channel": Case(
        "dispatch.yaml",
        "automatic_channels: []",
        "automatic_channels: [apps]",
        "automatic_channels[0]: 'apps' is not known; did you mean 'app'?",
    ),
    "not a number": Case(
        "dispatch.yaml",
        "detour_factor: 1.4",
        "detour_factor: .nan",
        "detour_factor: .nan is not a number from 1 to 3",
    ),
    "unknown type in plan": Case(
        "plan.yaml",
        "  landslide:",
        "  landslides:",
        "plan.landslides: unknown key; did you mean 'landslide'?",
    ),
    "unknown priority": Case(
        "plan.yaml",
        "    P2:",
        "    P7:",
        "plan.fire_building.P7: unknown key; use one of: P0, P1, P2, P3, P4, any",
    ),
    "unknown kind": Case(
        "plan.yaml",
        "kinds: [satgas]",
        "kinds: [satags]",
        "plan.default.any[0].kinds[0]: 'satags' is not known; did you mean 'satgas'?",
    ),
    "unknown capability": Case(
        "plan.yaml",
        "capabilities: [FireWaterTender], optional",
        "capabilities: [WaterTender], optional",
        "plan.fire_building.P1[1].capabilities[0]: 'WaterTender' is not known; did you mean 'FireWaterTender'?",
    ),
    "need nobody can fill": Case(
        "plan.yaml",
        "kinds: [damkar], capabilities: [AnimalHandlingSpecialist]",
        "kinds: [satgas], capabilities: [AnimalHandlingSpecialist]",
        "plan.animal.P1[0]: needs 1 satgas with AnimalHandlingSpecialist, but units.yaml has 0; "
        "add units or ask for fewer",
    ),
    "more than there are": Case(
        "plan.yaml",
        "capabilities: [StructureFireEngine], count: 2",
        "capabilities: [StructureFireEngine], count: 9",
        "plan.fire_*.P1[0]: needs 9 damkar with StructureFireEngine, but units.yaml has 4; add units or ask for fewer",
    ),
    "nobody for what is unclear": Case(
        "plan.yaml",
        "  non_emergency:",
        "  unclear: {any: []}\n  non_emergency:",
        "plan.unclear.any: sends nobody, which only non_emergency and prank may; name the units",
    ),
    "unknown unit kind": Case(
        "units.yaml",
        "kind: damkar",
        "kind: damkr",
        "units[16].kind: 'damkr' is not known; did you mean 'damkar'?",
    ),
    "id of another tenant": Case(
        "units.yaml",
        "unit_id: 3673-PKM-01",
        "unit_id: 3214-PKM-99",
        "units[0].unit_id: '3214-PKM-99' must begin with 3673-, the tenant's code",
    ),
    "kind without speed": Case(
        "units.yaml",
        "kind: puskesmas",
        "kind: sar",
        "units[0].kind: 'sar' has no speed; add it to speed_kmh in dispatch.yaml",
    ),
    "sea instead of town": Case(
        "units.yaml",
        "lat: -6.176046",
        "lat: -5.176046",
        "units[0].lat: the position -5.17605, 106.179 lies 94 km outside Kota Serang; correct lat and lon",
    ),
    "lat and lon swapped": Case(
        "units.yaml",
        "lat: -6.176046\n    lon: 106.178998",
        "lat: 106.178998\n    lon: -6.176046",
        "units[0].lat: 106.178998 is not a number from -90 to 90",
    ),
    "number in local form": Case(
        "units.yaml",
        '"+6281103673101"',
        '"081103673101"',
        "units[0].contacts[0].address: '081103673101' is not a number like +6281103673201",
    ),
    "number without quotes": Case(
        "units.yaml",
        '"+6281103673101"',
        "+6281103673101",
        "units[0].contacts[0].address: is a number, must be a number like +6281103673201; put it in quotes",
    ),
    "wildcard topic": Case(
        "units.yaml",
        "siaga/unit/3673-DMK-01/tasks",
        '"siaga/unit/+/tasks"',
        "units[16].contacts[1].address: 'siaga/unit/+/tasks' is not a topic without + or #",
    ),
    "type in the confidential text": Case(
        "messages.yaml",
        "Gunakan pendekatan",
        "{type} Gunakan pendekatan",
        "templates.sms_confidential: must not hold {type}; who reads along must not learn it",
    ),
    "unknown placeholder": Case(
        "messages.yaml",
        "{callback}",
        "{calback}",
        "templates.sms_dispatch: has a broken placeholder; those there are: "
        "{task}, {priority}, {type}, {address}, {map}, {ticket}, {callback}, {link}",
    ),
    "address in a text to callers": Case(
        "messages.yaml",
        "tiket {ticket}",
        "tiket {ticket} {address}",
        "templates.feedback_received: must not hold {address}; who reads along must not learn it",
    ),
    "ticket in a text to many": Case(
        "messages.yaml",
        "saluran sangat padat. Bila masih",
        "saluran sangat padat {ticket}. Bila masih",
        "mass_texts.padat: must not hold {ticket}; who reads along must not learn it",
    ),
    "name of a text to many": Case(
        "messages.yaml",
        "  padat:",
        "  Sangat Padat:",
        "mass_texts.Sangat Padat: 'Sangat Padat' is not a short name like banjir; use small letters, digits, - and _",
    ),
    "text without ticket": Case(
        "messages.yaml",
        " {ticket} Tlp",
        " Tlp",
        "templates.sms_dispatch: lacks {ticket}; the crew needs it",
    ),
    "curly quote": Case(
        "messages.yaml",
        "BATAL.",
        "BATAL\u2019",
        "templates.sms_stand_down: has characters outside the GSM 7-bit alphabet: \u2019; write it without them",
    ),
    "label twice": Case(
        "messages.yaml",
        "  flood: Banjir",
        "  flood: Banjir\n  flood: Banjir",
        "type_labels.flood: stands twice; remove one of them",
        below=1,
    ),
    "rules that are no list": Case(
        "rules.yaml",
        "rules: []",
        "rules: none",
        "rules: is a text, must be a list; begin each entry with '- '",
    ),
    "area of another regency": Case(
        "gazetteer.csv",
        "36.73.01.1001,",
        "36.74.01.1001,",
        "code: '36.74.01.1001' is no area of 36.73; remove the row",
    ),
    "comma for point": Case(
        "gazetteer.csv",
        "36.73.01.1001,desa,Serang,36.73.01,-6.128089",
        "36.73.01.1001,desa,Serang,36.73.01,-6;1",
        "row: lat, lon and area_km2 must be numbers with a decimal point",
    ),
}
