-- One row per word for an action, in small letters without signs, with the kind of action it is.
-- What is not listed is not known, and never guessed at: audit.toml says what it means.
SELECT
    word,
    kind
FROM (
    VALUES
    ('newbag', 'new_bag'), ('newbottle', 'new_bag'), ('newsyringe', 'new_bag'),
    ('started', 'new_bag'), ('start', 'new_bag'),
    ('given', 'given'), ('administered', 'given'),
    ('ratechange', 'rate_change'), ('ratechanged', 'rate_change'),
    ('ratedosechange', 'rate_change'),
    ('rateverify', 'verified'), ('verify', 'verified'), ('verified', 'verified'),
    ('ratedoseverify', 'verified'), ('handoff', 'verified'),
    ('paused', 'paused'), ('pause', 'paused'),
    ('restarted', 'restarted'), ('restart', 'restarted'), ('resumed', 'restarted'),
    ('stopped', 'stopped'), ('stop', 'stopped'), ('infusionended', 'stopped'),
    ('completed', 'stopped'),
    ('notgiven', 'not_given'), ('missed', 'not_given'), ('refused', 'not_given'),
    ('held', 'not_given'), ('omitted', 'not_given'),
    ('due', 'scheduled'), ('pending', 'scheduled'), ('scheduled', 'scheduled'),
    ('marhold', 'scheduled'), ('marunhold', 'scheduled'),
    ('enteredinerror', 'withdrawn'), ('deleted', 'withdrawn')
) AS told (word, kind) -- noqa: AL05
