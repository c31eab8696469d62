"""What operators did to the second, what was planned for them, and what callers met before a queue."""

from __future__ import annotations

# Every lane becomes statuses without gap: free, a telephone that rings, talk, wrap; a break; at the end Offline.
STATUSES = """
WITH items AS (
    SELECT l.*, l.start_t + l.miss + l.pause AS ring_t, c.call, c.queue, c.form, lag(l.start_t + l.length, 1, l.login_t)
        OVER (PARTITION BY l.day_no, l.op ORDER BY l.start_t, l.key) AS free_t,
        row_number() OVER (PARTITION BY l.day_no, l.op ORDER BY l.start_t DESC, l.key DESC) AS from_last
    FROM lane l LEFT JOIN calls c ON c.id = l.id),
days AS (
    SELECT w.day_no, w.op, coalesce(i.free_t, w.login_t) AS free_t, coalesce(i.logout_t, w.logout_t) AS logout_t,
        coalesce(w.next_login_t, getvariable('end_t')) AS until_t
    FROM workdays w LEFT JOIN (SELECT day_no, op, start_t + length AS free_t, logout_t FROM items WHERE from_last = 1) i
        USING (day_no, op) WHERE w.day_no >= getvariable('first_day') AND w.day_no < getvariable('after_day')),
every AS (
    SELECT op, 'Ready' AS status, NULL AS reason, NULL AS comment, NULL AS call, NULL AS queue, NULL AS form,
        free_t AS from_t, start_t AS to_t FROM items
    UNION ALL SELECT op, 'Waiting', NULL, NULL, call, queue, form, start_t, start_t + miss FROM items WHERE miss > 0
    UNION ALL SELECT op, 'Ready', NULL, NULL, NULL, NULL, NULL, start_t + miss, ring_t FROM items WHERE pause > 0
    UNION ALL SELECT op, 'Waiting', NULL, NULL, call, queue, form, ring_t, ring_t + ring FROM items WHERE id IS NOT NULL
    UNION ALL SELECT op, 'Busy', NULL, NULL, call, queue, form, ring_t + ring, ring_t + ring + talk + hold FROM items
        WHERE id IS NOT NULL
    UNION ALL SELECT op, 'PCP', NULL, NULL, call, queue, form, ring_t + ring + talk + hold, start_t + length FROM items
        WHERE id IS NOT NULL
    UNION ALL SELECT op, 'Away', reason, comment, NULL, NULL, NULL, start_t, start_t + length FROM items WHERE away > 0
    UNION ALL SELECT op, 'Ready', NULL, NULL, NULL, NULL, NULL, free_t, logout_t FROM days
    UNION ALL SELECT op, 'Offline', NULL, NULL, NULL, NULL, NULL, logout_t, until_t FROM days)
SELECT o.operator, status, reason, comment, queue, call, form, to_timestamp(from_t) AS started_at,
    to_timestamp(to_t) AS ended_at
FROM every JOIN operators o USING (op) WHERE to_t > from_t ORDER BY from_t, operator"""
# Some who were planned do not come.
SHIFTS = """
WITH here AS (
    SELECT day_no, op, key, plan_from, plan_to, hours FROM workdays
    WHERE day_no >= getvariable('first_day') AND day_no < getvariable('after_day')),
absent AS (
    SELECT d.day_no, s.op, d.day_no * 100000 + s.op AS key, d.zero_t + 10 * 3600 AS plan_from, d.zero_t + 16 * 3600
        AS plan_to,
        6 AS hours
    FROM days d JOIN (SELECT DISTINCT op, since, until FROM stays) s ON d.day_no >= s.since AND d.day_no < s.until
    WHERE d.weekday < 6 AND NOT d.holiday AND u('ill', d.day_no * 100000 + s.op) < 0.008
        AND d.day_no >= getvariable('first_day') AND d.day_no < getvariable('after_day')
        AND NOT EXISTS (FROM workdays w WHERE w.day_no = d.day_no AND w.op = s.op)),
planned AS (
    SELECT *, (plan_from + plan_to) // 2 // 900 * 900 AS lunch_t,
        CASE WHEN u('schooling', key) < 0.04 THEN 3600 ELSE 0 END AS schooling
    FROM (FROM here UNION ALL BY NAME SELECT DISTINCT * FROM absent)),
every AS (
    SELECT op, key * 10 + 1 AS id, 'Phones' AS activity, true AS paid, plan_from AS from_t,
        CASE WHEN hours >= 6 THEN lunch_t ELSE plan_to - schooling END AS to_t FROM planned
    UNION ALL SELECT op, key * 10 + 2, 'Lunch', false, lunch_t, lunch_t + 1800 FROM planned WHERE hours >= 6
    UNION ALL SELECT op, key * 10 + 3, 'Phones', true, lunch_t + 1800, plan_to - schooling FROM planned WHERE hours >= 6
    UNION ALL SELECT op, key * 10 + 4, 'Training', true, plan_to - schooling, plan_to FROM planned WHERE schooling > 0)
SELECT 's-' || id AS source_id, operator, activity, to_timestamp(from_t) AS starts_at, to_timestamp(to_t) AS ends_at,
    paid
FROM every JOIN operators USING (op) ORDER BY from_t, source_id"""
IVR_STEPS = """
WITH waited AS (
    SELECT id, call, kind, p, welcome AS scenario, started_t, CASE kind WHEN 'robot' THEN answered_t
        WHEN 'left' THEN ended_t ELSE queued_t END AS until_t, answered_t, ended_t
    FROM calls WHERE scenario IS NOT NULL AND kind <> 'auto'),
met AS (
    SELECT *, started_t + least(between_('greets', id, 4, 7), until_t - started_t) AS menu_t,
        until_t - CASE WHEN p = 2 AND until_t - started_t > 14 THEN 6 ELSE 0 END AS speech_t FROM waited),
steps AS (
    SELECT call, 1 AS step_no, scenario, 'greeting' AS node, NULL AS input_kind, NULL AS input, NULL AS recognised_text,
        started_t AS from_t, menu_t AS to_t, NULL AS goal FROM met
    UNION ALL SELECT call, 2, scenario, 'main menu', CASE WHEN kind <> 'left' OR u('pressed', id) < 0.3 THEN 'dtmf' END,
        CASE WHEN kind <> 'left' OR u('pressed', id) < 0.3 THEN pick('key', id, ['1', '1', '1', '2', '2', '3',
            '9']) END,
        NULL, menu_t, speech_t, CASE WHEN kind NOT IN ('left', 'robot') THEN 'to an operator' END
        FROM met WHERE speech_t > menu_t
    UNION ALL SELECT call, 3, scenario, 'what is it about', 'speech', NULL,
        pick('said', id, ['internet is slow', 'no signal', 'my invoice', 'a new router', 'something else']),
        speech_t, until_t, NULL FROM met WHERE until_t > speech_t
    UNION ALL SELECT call, 4, scenario, 'self-service', 'dtmf', pick('self', id, ['1', '2']), NULL, answered_t, ended_t,
        CASE WHEN u('helped', id) < 0.7 THEN 'helped by the robot' END FROM met WHERE kind = 'robot'
    UNION ALL SELECT call, 1, 'Cedar reminder', 'message', CASE WHEN result IS NULL THEN NULL WHEN u('says', id) < 0.25
        THEN 'speech' ELSE 'dtmf' END, CASE result WHEN 'confirmed' THEN '1' WHEN 'cancelled' THEN '2' END,
        CASE WHEN result IS NOT NULL AND u('says', id) < 0.25 THEN result END, answered_t, ended_t,
        CASE WHEN result = 'confirmed' THEN 'visit confirmed' END FROM calls WHERE kind = 'auto')
SELECT * EXCLUDE (from_t, to_t), to_timestamp(from_t) AS at, to_timestamp(to_t) AS ended_at FROM steps
ORDER BY from_t, call, step_no"""
