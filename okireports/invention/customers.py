"""What customers leave behind: chats, mails and SMS, requests with their stages and answers, orders."""

from __future__ import annotations

import duckdb

DIALOGUES = """
CREATE OR REPLACE TABLE dialogues AS
WITH chosen AS (
    SELECT s.id, s.day_no, s.p, p.project, p.code, p.chats, p.mails, u('dialogue', s.id) AS draw, c.phone,
        c.contact_name,
        c.email, s.zero_t, p.opens, p.closes
    FROM slots s JOIN projects p USING (p) JOIN calls c ON c.id = s.id
    WHERE u('dialogue', s.id) < p.chats + p.mails + p.sms),
named AS (
    SELECT *, 'd-' || id AS dialogue, CASE WHEN draw < chats THEN 'chat' WHEN draw < chats + mails THEN 'mail'
        ELSE 'sms' END
        AS channel FROM chosen),
staff AS (SELECT day_no, p, list(op ORDER BY op) AS ops FROM seats GROUP BY ALL),
served AS (
    SELECT n.*, CASE WHEN channel <> 'sms' THEN pick('writer', n.id, staff.ops) END AS op
    FROM named n LEFT JOIN staff USING (day_no, p)),
begun AS (
    SELECT s.*, CASE WHEN op IS NULL OR channel = 'mail' THEN zero_t + between_('wrote', id, opens * 3600,
        closes * 3600)
        ELSE w.plan_from + between_('wrote', id, 600, w.hours * 3600 - 2400) END AS from_t
    FROM served s LEFT JOIN workdays w USING (day_no, op)),
gone AS (
    SELECT *, CASE channel WHEN 'chat' THEN CASE WHEN op IS NOT NULL AND u('served', id) < 0.94
            THEN from_t + 4 + expo('reply', id, 32, 600) END
        WHEN 'mail' THEN CASE WHEN u('served', id) < 0.97 THEN from_t + 300 + expo('reply', id, 7000,
            90000) END END AS reply_t
    FROM begun)
SELECT *, CASE channel WHEN 'sms' THEN from_t + between_('delivered', id, 1, 40)
    WHEN 'chat' THEN coalesce(reply_t, from_t) + 60 + expo('chats', id, 420, 3600)
    ELSE reply_t + expo('mails', id, 9000, 200000) END AS to_t FROM gone"""
DIALOGUES_OUT = """
SELECT dialogue AS source_id, CASE WHEN channel = 'sms' OR (code <> 'acme' AND code || channel <> 'bluebirdchat'
        AND code || channel <> 'fernmail') THEN project END AS project,
    channel, CASE WHEN channel = 'sms' THEN 'outbound' ELSE 'inbound' END AS direction,
    CASE code || channel WHEN 'acmechat' THEN 'Acme chat' WHEN 'acmemail' THEN 'Acme mail'
        WHEN 'bluebirdchat' THEN 'Bluebird chat' WHEN 'fernmail' THEN 'Fern mail' END AS queue,
    CASE WHEN reply_t < getvariable('end_t') THEN operator END AS operator,
    CASE WHEN channel = 'sms' THEN CASE code WHEN 'cedar' THEN 'Visit reminder' WHEN 'echo' THEN 'Survey link'
        ELSE 'Order sent' END END AS template,
    phone, contact_name, email, to_timestamp(from_t) AS started_at,
    CASE WHEN reply_t < getvariable('end_t') THEN to_timestamp(reply_t) END AS first_reply_at,
    CASE WHEN to_t < getvariable('end_t') THEN to_timestamp(to_t) END AS closed_at,
    CASE WHEN channel = 'sms' THEN 0 ELSE between_('in', id, 1, 8) END AS messages_in,
    CASE WHEN channel = 'sms' THEN 1 WHEN reply_t < getvariable('end_t') THEN between_('out', id, 1, 9) ELSE 0 END
        AS messages_out,
    CASE WHEN channel = 'sms' THEN pick('sent', id, ['delivered', 'delivered', 'delivered', 'delivered', 'delivered',
            'delivered', 'delivered', 'not delivered', 'unknown'])
        WHEN reply_t IS NULL THEN 'missed' WHEN reply_t < getvariable('end_t') THEN 'answered' ELSE 'open' END
            AS outcome,
    CASE WHEN channel <> 'sms' THEN pick('subject', id, ['order', 'invoice', 'delivery', 'complaint', 'question']) END
        AS subject
FROM dialogues d LEFT JOIN operators USING (op) ORDER BY from_t, id"""
# A request goes through its stages, may go back once, may be lost, and may be open when the time is over.
STAGES = """
CREATE OR REPLACE TABLE passed AS
WITH begun AS (
    SELECT c.id, c.call, c.p, c.own_form AS form, c.op, c.phone, c.contact_name, c.email, c.result, c.currency,
        p.stages,
        c.ended_t + between_('card', c.id, 1, 90) AS from_t, u('fate', c.id) AS fate
    FROM calls c JOIN projects p USING (p)
    WHERE c.kind IN ('in', 'dial', 'out') AND c.talk > 30 AND u('request', c.id) < p.requests),
ways AS (
    SELECT *, CASE WHEN fate < 0.55 THEN [1, 2, 3, 4] WHEN fate < 0.62 THEN [1, 2, 3, 2, 3, 4] WHEN fate < 0.75
        THEN [1, 2, 5]
        WHEN fate < 0.83 THEN [1, 2, 3, 5] WHEN fate < 0.9 THEN [1, 5] WHEN fate < 0.94 THEN [1, 2, 3] WHEN fate < 0.97
        THEN [1, 2] ELSE [1] END AS way FROM begun),
steps AS (SELECT * EXCLUDE (way), unnest(way) AS position, generate_subscripts(way, 1) AS seq FROM ways),
timed AS (
    SELECT *, from_t + sum(CASE WHEN seq = 1 THEN 0 WHEN p = 5 THEN 30 + expo('stage', id * 10 + seq, 120, 900)
        ELSE 600 + expo('stage', id * 10 + seq, 70000, 900000) END) OVER (PARTITION BY id ORDER BY seq)::BIGINT AS at_t
    FROM steps)
SELECT *, stages[position] AS stage, row_number() OVER (PARTITION BY id ORDER BY seq DESC) AS from_last
FROM timed WHERE at_t < getvariable('end_t')"""
REQUESTS = """
SELECT 'r-' || id AS source_id, form, phone, contact_name, email, call, operator, to_timestamp(from_t) AS created_at,
    CASE WHEN position >= 4 THEN to_timestamp(at_t) END AS closed_at, stage,
    CASE WHEN position = 4 THEN result WHEN position = 5 THEN pick('lost', id, ['no interest', 'cannot be reached',
        'went elsewhere']) END AS result,
    CASE WHEN p IN (1, 4) THEN money(20 + expo('value', id, 180, 4000) + id % 100 / 100.0) END AS value,
    CASE WHEN p IN (1, 4) THEN currency END AS currency
FROM passed JOIN operators USING (op) WHERE from_last = 1 ORDER BY from_t, source_id"""
STAGE_CHANGES = """
SELECT 'r-' || id || '-' || seq AS source_id, 'r-' || id AS request, seq, stage, to_timestamp(at_t) AS at, operator
FROM passed JOIN operators USING (op) ORDER BY at_t, source_id"""
ANSWERS = """
SELECT 'r-' || id || '-q' || nth AS source_id, 'r-' || id AS request, form, question,
    pick('answer', id * 10 + nth, list_concat(answers, answers[1:2])) AS answer, to_timestamp(at_t) AS at
FROM passed JOIN questions USING (p) WHERE seq = 1 AND u('says', id * 10 + nth) < 0.9 ORDER BY at_t, source_id"""
ORDERS = """
SELECT 'o-' || id AS source_id, 'r-' || id AS request, operator, phone, to_timestamp(at_t) AS at,
    money(20 + expo('value', id, 180, 4000) + id % 100 / 100.0) AS amount, currency,
    pick('state', id, ['paid', 'paid', 'paid', 'sent', 'sent', 'new', 'cancelled']) AS state
FROM passed JOIN operators USING (op) WHERE p IN (1, 4) AND position = 4 ORDER BY at_t, source_id"""


def fill(con: duckdb.DuckDBPyConnection) -> None:
    """Make `dialogues` and `passed`, the stages of requests."""
    con.execute(DIALOGUES)
    con.execute(STAGES)
