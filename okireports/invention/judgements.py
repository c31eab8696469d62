"""What others say of the work: evaluations, ratings, phrases found in speech; and what it costs."""

from __future__ import annotations

from okireports.invention.definitions import EVALUATED

EVALUATIONS = f"""
WITH chosen AS (
    SELECT c.id, c.call, NULL AS dialogue, c.op, p.supervisor,
        c.ended_t + 3600 + expo('read', c.id, 150000, 600000) AS at_t,
        CASE WHEN c.p IN (4, 5) THEN 'Outbound' ELSE 'Inbound' END AS form, 0.6 + 0.35 * u('skill', c.op) AS skill
    FROM calls c JOIN projects p USING (p)
    WHERE c.kind IN ('in', 'dial', 'out') AND c.talk > 20 AND u('evaluated', c.id) < {EVALUATED}
    UNION ALL SELECT d.id, NULL, d.dialogue, d.op, p.supervisor, d.to_t + 3600 + expo('read', d.id, 150000, 600000),
        'Written', 0.6 + 0.35 * u('skill', d.op) FROM dialogues d JOIN projects p USING (p)
    WHERE d.channel = 'chat' AND d.reply_t IS NOT NULL AND u('evaluated chat', d.id) < {EVALUATED}),
criteria AS (
    SELECT * FROM (VALUES (1, 'Greeting', 5), (2, 'Listening', 10), (3, 'Correctness', 20), (4, 'Tone', 10),
        (5, 'Closing', 5)) AS t(nth, criterion, most))
SELECT evaluation || '-' || nth AS source_id, evaluation, 'Quality ' || d.month AS plan, call, dialogue, o.operator,
    supervisor AS evaluator, form, criterion, least(most, round(most * (skill + 0.3 * u('score', id * 10 + nth))))
        AS score,
    most AS max_score, CASE WHEN nth = 3 AND u('remark', id) < 0.2 THEN pick('remarks', id, ['well done',
        'the price was missing', 'see the guide, page 4']) END AS comment, to_timestamp(at_t) AS at
FROM (SELECT *, 'e-' || coalesce(call, dialogue) AS evaluation FROM chosen) CROSS JOIN criteria
JOIN operators o USING (op)
ASOF JOIN (SELECT zero_t, month FROM days) d ON at_t >= d.zero_t WHERE at_t < getvariable('end_t')
ORDER BY at_t, source_id"""
# A row without a score was asked and did not answer.
RATINGS = """
WITH asked AS (
    SELECT 'k-' || id AS source_id, CASE WHEN u('asked', id) < 0.2 THEN 'csat' ELSE 'nps' END AS kind, call,
        NULL AS dialogue, op, queue, ended_t + 60 AS at_t, id AS key FROM calls
    WHERE kind = 'in' AND u('asked', id) < 0.3
    UNION ALL SELECT 'kd-' || id, 'csat', NULL, dialogue, op, NULL, to_t + 20, id FROM dialogues
    WHERE channel = 'chat' AND reply_t IS NOT NULL AND u('asked chat', id) < 0.4),
answered AS (
    SELECT *, u('answers', key) < CASE kind WHEN 'csat' THEN 0.45 ELSE 0.3 END AS answers,
        u('score', key) * 0.75 + u('skill', op) * 0.25 AS liking FROM asked)
SELECT source_id, kind, call, dialogue, operator, queue, CASE WHEN answers THEN CASE kind
        WHEN 'csat' THEN CASE WHEN liking < 0.12 THEN 1 WHEN liking < 0.2 THEN 2 WHEN liking < 0.32 THEN 3
            WHEN liking < 0.58 THEN 4 ELSE 5 END
        ELSE CASE WHEN liking < 0.2 THEN between_('low', key, 0, 6) WHEN liking < 0.45 THEN between_('mid', key, 7, 8)
            ELSE between_('high', key, 9, 10) END END END AS score,
    CASE WHEN answers AND u('comment', key) < 0.1 THEN pick('words', key, ['friendly', 'too long',
        'thank you']) END AS comment,
    to_timestamp(at_t) AS at
FROM answered LEFT JOIN operators USING (op) WHERE at_t < getvariable('end_t') ORDER BY at_t, source_id"""
SPEECH_HITS = """
SELECT 'h-' || id AS source_id, call, operator, pick('rule', id, ['complaint', 'competitor named', 'no greeting',
    'thanks',
    'thanks', 'cancellation']) AS rule, to_timestamp(answered_t + floor(u('moment', id) * talk)::BIGINT) AS at
FROM calls JOIN operators USING (op) WHERE kind IN ('in', 'dial', 'out') AND u('heard', id) < 0.12
    ORDER BY answered_t, id"""
# What calls cost stands on the calls. The wage of who works in several projects is charged to none of them.
CHARGES = """
WITH month_starts AS (
    SELECT * FROM days WHERE (day_no = 0 OR day_of_month = 1) AND day_no >= getvariable('first_day')
    AND day_no < getvariable('after_day')),
every AS (
    SELECT 'w-' || w.key AS source_id, 'wage' AS kind, NULL AS call, w.op, w.hours AS quantity, 'hour' AS unit,
        money(w.hours * (31 + w.op % 7)) AS amount, 'PLN' AS currency, w.login_t AS at_t, h.project
    FROM workdays w LEFT JOIN (
        SELECT op, any_value(project) AS project FROM stays JOIN projects USING (p) GROUP BY op
        HAVING count(DISTINCT p) = 1) h USING (op)
    WHERE w.day_no >= getvariable('first_day') AND w.day_no < getvariable('after_day')
    UNION ALL SELECT 'm-' || id, 'sms', NULL, NULL, 1, 'message', money(0.09), 'PLN', from_t, project FROM dialogues
        WHERE channel = 'sms'
    UNION ALL SELECT 'g-' || id, 'recognition', call, NULL, 1, 'request', money(0.04), currency, started_t, NULL
        FROM calls WHERE kind IN ('robot', 'auto') AND u('says', id) < 0.25
    UNION ALL SELECT 'st-' || day_no || '-' || p, 'storage', NULL, NULL, 40 + 10 * p, 'gigabyte', money(60 + 15 * p),
        currency,
        zero_t + 3600, project FROM month_starts CROSS JOIN projects
    UNION ALL SELECT 'li-' || day_no || '-' || p, 'licence', NULL, NULL, 12 - p, 'seat', money((12 - p) * 79), currency,
        zero_t + 3600, project FROM month_starts CROSS JOIN projects)
SELECT e.* EXCLUDE (op, at_t), operator, to_timestamp(at_t) AS at
FROM every e LEFT JOIN operators USING (op) ORDER BY at_t, source_id"""
