"""Take of each resource the elements that a table of the layout asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from pipeline.errors import InputError
from pipeline.ingest.layout import RawTable, identifier
from pipeline.ingest.load import LoadedFile, raw_table
from pipeline.ingest.locate import InputFile

MACROS = (
    # of a reference to a resource of this type its id: relative, absolute or of one version
    """REFERENCE_ID(reference, kind) AS CASE
        WHEN STARTS_WITH(reference, kind || '/') THEN SPLIT_PART(reference, '/', 2)
        WHEN CONTAINS(reference, '/' || kind || '/') THEN NULLIF(
            REGEXP_EXTRACT(
                reference, '/' || kind || '/([A-Za-z0-9.-]{1,64})(/_history/[^/]+)?$', 1
            ), ''
        )
    END""",
    # of a reference to anything its id
    "LAST_PART(reference) AS NULLIF(REGEXP_EXTRACT(reference, '([^/]+)$', 1), '')",
    # of the resources contained in one the one that a reference such as #bag means
    """CONTAINED_AS(contained, reference) AS CASE
        WHEN '#' || contained[1].id = reference THEN contained[1]
        WHEN STARTS_WITH(reference, '#')
            THEN LIST_FILTER(contained, LAMBDA x: '#' || x.id = reference)[1]
    END""",
    # of a list of references the first to a resource of this type
    """FIRST_ID(listed, kind) AS COALESCE(
        REFERENCE_ID(listed[1].reference, kind),
        LIST_FILTER(
            LIST_TRANSFORM(listed[2:], LAMBDA x: REFERENCE_ID(x.reference, kind)),
            LAMBDA x: x IS NOT NULL
        )[1]
    )""",
    # of the codes of a concept the first in a code system
    """CODE_IN(listed, pattern) AS CASE
        WHEN listed[1].system LIKE pattern THEN listed[1].code
        ELSE LIST_FILTER(listed, LAMBDA x: x.system LIKE pattern)[1].code
    END""",
    # of a concept what a reader would say
    "SAID(concept) AS COALESCE(concept.text, concept.coding[1].display, concept.coding[1].code)",
    # whether what stands where a code belongs is written as a name: two words, or a word in small
    # letters; IVIGBAG is none
    r"""IS_NAME(word) AS REGEXP_MATCHES(
        word, '\pL{2,}[ ,/-]+\pL{2,}|^\pL?\p{Ll}{3,}$'
    )""",
    # whether what stands where a name belongs is written as a code: PROD-0815
    r"IS_CODE(word) AS REGEXP_FULL_MATCH(word, '\S*\d\S*')",
    # whether a dose or an issue that nothing tells could be one of an immune globulin, by its unit,
    # its route and its grams, which are at least those of the smallest vial
    r"""COULD_BE(unit, route, grams, least_g) AS (
        unit IS NULL
        OR REGEXP_FULL_MATCH(
            LOWER(unit), 'g|gm|grams?|mg|ml|1|each|dose|\{?(vial|bottle|bag|dose|each)s?\}?'
        )
    )
    AND NOT REGEXP_MATCHES(
        LOWER(route),
        '^(po|ng|og|pr|sl|top|ih|inh|neb|td|in|ou|os|od|au)\b|oral|mouth|enteral|gastr|jejun|nas'
        || '|inhal|nebul|topical|dermal|rect|vagin|lingual|bucc|ophth|\beye|\bear|otic|irrig'
        || '|vesic|thecal|dural|periton|articul|ocular'
    ) IS TRUE
    AND (TRY_CAST(grams AS DECIMAL(14, 3)) < least_g) IS NOT TRUE""",
    # whether words name what is given beside immune globulins or, as they are, in grams
    """IS_OTHER_MEDICINE(words) AS REGEXP_MATCHES(
        LOWER(words),
        'albu|bumin|dextrose|gluc|mannit|amino|lipid|fat |emulsion|nutrition|kabiven|clini|calcium'
        || '|magnes|chlorid|saline|water|ringer|bicarb|phosph|acetat|lact|cillin|bactam|cef|penem'
        || '|mycin|micin|floxacin|vir\\b|foscarnet|fosfamid|trexat|cystein|arginin|benzoat'
        || '|fibrinogen|factor|plasma|predni|cortis|cobalamin|thiosulf|starch|dextran|glycol'
        || '|protein|polystyr|psyll|nacl|cetamol|minophen|hydramine'
    )""",
    # whether what is no immune globulin we know may be one all the same: nothing tells what it is;
    # it was ordered as one; or it was given by the vial's worth of grams and is nothing that is
    """MAY_BE_GLOBULIN(is_told, is_ordered, code_system, names, unit, route, grams) AS (
        COULD_BE(unit, route, grams, (SELECT MIN(vial_step_g) FROM guideline.product))
        AND code_system IS DISTINCT FROM 'ATC'
        AND (
            is_told IS NOT TRUE
            OR (
                (
                    is_ordered
                    OR TRY_CAST(grams AS DECIMAL(14, 3))
                    >= (SELECT MAX(vial_step_g) FROM guideline.product)
                )
                AND NOT IS_OTHER_MEDICINE(names)
            )
        )
    ) IS TRUE""",
    # by which concept a medicine is known: its own, or for a bare code of the hospital's own that
    # of its request, or what the source says of that code elsewhere
    """KNOWN_AS(concept, is_known, request_concept, is_request_known, listed_as) AS CASE
        WHEN is_known THEN concept
        WHEN is_request_known THEN request_concept
        WHEN listed_as IS NOT NULL THEN listed_as
        ELSE concept
    END""",
    # an amount as a number; none of more digits than the contract keeps. TRY_CAST, for the database
    # may convert before it asks: the text of 5,000,000 units of another medicine must not end a run
    r"""NUMBER_OF(amount) AS CASE
        WHEN REGEXP_FULL_MATCH(amount, '\d{1,6}(\.\d{1,3}0*)?')
            THEN TRY_CAST(amount AS DECIMAL(9, 3))
    END""",
    # the grams of an amount in a unit, of a product of so many grams per litre
    """GRAMS_OF(amount, unit, g_per_l) AS CASE
        WHEN unit IN ('g', 'gm', 'gram', 'grams') THEN amount
        WHEN unit = 'mg'
            THEN CAST(CAST(NUMBER_OF(amount) * 0.001 AS DECIMAL(9, 6)) AS VARCHAR)
        WHEN unit = 'ml' AND g_per_l IS NOT NULL
            THEN CAST(CAST(NUMBER_OF(amount) * g_per_l * 0.001 AS DECIMAL(9, 3)) AS VARCHAR)
    END""",
    # of a quantity the unit; one that is only less or more than a number is in none
    """EXACT_UNIT(quantity) AS CASE
        WHEN quantity.comparator IS NULL THEN LOWER(COALESCE(quantity.code, quantity.unit))
    END""",
    # of a quantity with its system the unit, too; UCUM tells gram (g) from gauss (G) by the letter
    """DOSE_UNIT(quantity) AS CASE
        WHEN quantity.comparator IS NOT NULL THEN NULL
        WHEN quantity.system LIKE '%unitsofmeasure.org' AND quantity.code IS NOT NULL
            THEN REPLACE(quantity.code, 'L', 'l')
        ELSE LOWER(COALESCE(quantity.code, quantity.unit))
    END""",
    # whether an amount of a Medication is told in grams
    """IN_GRAMS(amount) AS (
        amount.code = 'g'
        OR (amount.code IS NULL AND LOWER(amount.unit) IN ('g', 'gm', 'gram', 'grams'))
    )""",
    # of an amount of a Medication what one package holds; per millilitre or per eight is no package
    """ONE_PACK(amount) AS CASE
        WHEN (
            amount.denominator.value IS NULL
            OR REGEXP_FULL_MATCH(amount.denominator.value, '1(\\.0+)?')
        )
        AND (
            COALESCE(amount.denominator.code, amount.denominator.unit) IS NULL
            OR REGEXP_FULL_MATCH(
                LOWER(COALESCE(amount.denominator.code, amount.denominator.unit)),
                '1|\\{.*\\}|each|(vial|bottle|bag|pack|package|container|carton)s?'
            )
        )
            THEN amount.numerator
    END""",
    # of a date or time its day, unless it is told to the year or month only
    """WHOLE_DAY(text) AS CASE
        WHEN REGEXP_FULL_MATCH(text, '\\d{4}(-\\d{2})?') THEN NULL ELSE LEFT(text, 10)
    END""",
)
"""What SELECTs over resources may call, beside the functions of DuckDB."""


def take_elements(
    con: duckdb.DuckDBPyConnection, file: InputFile, tables: Mapping[str, RawTable]
) -> dict[str, str]:
    """Make one table for each of the layout's whose resource the file holds."""
    found = con.sql(f"SELECT DISTINCT resource_type FROM {raw_table(file)}").fetchall()
    types = {name for (name,) in found}
    parts = {}
    for name, described in tables.items():
        if described.resource in types:
            parts[name] = f"{raw_table(file)}_{name}"
            con.execute(
                f"CREATE OR REPLACE TABLE {parts[name]} AS"
                " WITH resource AS (FROM raw.line WHERE resource_type = $wanted)"
                f" {elements(file, described)}",
                {"wanted": described.resource},
            )
    return parts


def elements(file: InputFile, described: RawTable) -> str:
    """Return the SELECT list of the elements a table asks for.

    A modifierExtension or a rule set nobody knows may turn a resource into its opposite.
    """
    return f"""
        SELECT
            {file.file_id}::SMALLINT AS source_file,
            CAST(source_row AS INTEGER) AS source_row,
            * EXCLUDE (source_row, full_url, modifierExtension, implicitRules)
            REPLACE (COALESCE(id, REGEXP_REPLACE(full_url, '^urn:[a-z]+:', '')) AS id),
            modifierExtension IS NOT NULL OR implicitRules IS NOT NULL AS has_modifier
        FROM (
            SELECT source_row, full_url, UNNEST(JSON_TRANSFORM(body, '{described.structure}'))
            FROM resource
        )
    """


def make_resource_table(
    con: duckdb.DuckDBPyConnection, table: str, described: RawTable, files: Sequence[LoadedFile]
) -> bool:
    """Create the view `raw.<table>` over the resources of its type; say whether there were any."""
    mine = [f"FROM {file.parts[table]}" for file in files if table in file.parts]
    if not mine and not described.is_optional:
        raise InputError(f"No resource {described.resource}, which the mapping reads.")
    empty = f"""
        SELECT
            NULL::SMALLINT AS source_file, NULL::INTEGER AS source_row, FALSE AS has_modifier,
            UNNEST(JSON_TRANSFORM('{{}}', '{described.structure}'))
        WHERE false
    """
    selects = " UNION ALL BY NAME ".join(mine or [empty])
    con.execute(f"CREATE VIEW raw.{identifier(table)} AS {selects}")
    return bool(mine)
