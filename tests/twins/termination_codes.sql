-- How contacts over each provider (or none) ended in SIP's terms, those whose code is known; shares are of the
-- provider's. Meanings are the phrases of RFC 3261, section 21; a code that it does not list has the name of its class,
-- section 7.2, and one of no class has none.
WITH phrases (code, meaning) AS (
    VALUES
        (100, 'Trying'),
        (180, 'Ringing'),
        (181, 'Call Is Being Forwarded'),
        (182, 'Queued'),
        (183, 'Session Progress'),
        (200, 'OK'),
        (300, 'Multiple Choices'),
        (301, 'Moved Permanently'),
        (302, 'Moved Temporarily'),
        (305, 'Use Proxy'),
        (380, 'Alternative Service'),
        (400, 'Bad Request'),
        (401, 'Unauthorized'),
        (402, 'Payment Required'),
        (403, 'Forbidden'),
        (404, 'Not Found'),
        (405, 'Method Not Allowed'),
        (406, 'Not Acceptable'),
        (407, 'Proxy Authentication Required'),
        (408, 'Request Timeout'),
        (410, 'Gone'),
        (413, 'Request Entity Too Large'),
        (414, 'Request-URI Too Long'),
        (415, 'Unsupported Media Type'),
        (416, 'Unsupported URI Scheme'),
        (420, 'Bad Extension'),
        (421, 'Extension Required'),
        (423, 'Interval Too Brief'),
        (480, 'Temporarily Unavailable'),
        (481, 'Call/Transaction Does Not Exist'),
        (482, 'Loop Detected'),
        (483, 'Too Many Hops'),
        (484, 'Address Incomplete'),
        (485, 'Ambiguous'),
        (486, 'Busy Here'),
        (487, 'Request Terminated'),
        (488, 'Not Acceptable Here'),
        (491, 'Request Pending'),
        (493, 'Undecipherable'),
        (500, 'Server Internal Error'),
        (501, 'Not Implemented'),
        (502, 'Bad Gateway'),
        (503, 'Service Unavailable'),
        (504, 'Server Time-out'),
        (505, 'Version Not Supported'),
        (513, 'Message Too Large'),
        (600, 'Busy Everywhere'),
        (603, 'Decline'),
        (604, 'Does Not Exist Anywhere'),
        (606, 'Not Acceptable')
),
classes (first_digit, meaning) AS (
    VALUES
        (1, 'Provisional'),
        (2, 'Success'),
        (3, 'Redirection'),
        (4, 'Client Error'),
        (5, 'Server Error'),
        (6, 'Global Failure')
),
counted AS (
    SELECT provider_id, sip_code, count(*) AS calls
    FROM calls
    WHERE sip_code IS NOT NULL
        AND started_at >= getvariable('start') AND started_at < getvariable('end')
    GROUP BY ALL
)
SELECT
    v.provider,
    k.sip_code,
    coalesce(m.meaning, s.meaning) AS meaning,
    k.calls,
    k.calls / (SELECT sum(w.calls) FROM counted w WHERE w.provider_id IS NOT DISTINCT FROM k.provider_id) AS share
FROM counted k
LEFT JOIN phrases m ON m.code = k.sip_code
LEFT JOIN classes s ON k.sip_code BETWEEN s.first_digit * 100 AND s.first_digit * 100 + 99
LEFT JOIN providers v ON v.provider_id = k.provider_id
ORDER BY v.provider NULLS LAST, k.sip_code, k.provider_id
