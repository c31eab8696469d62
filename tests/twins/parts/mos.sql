-- Contacts of the period with their MOS: the measured one within 1 to 5, else one estimated from delay and loss, if
-- any. What a loss, a jitter or a delay cannot be is not known.
WITH plausible AS (
    SELECT
        * REPLACE (
            CASE WHEN mos BETWEEN 1 AND 5 THEN mos END AS mos,
            CASE WHEN packet_loss BETWEEN 0 AND 100 THEN packet_loss END AS packet_loss,
            CASE WHEN jitter_ms >= 0 THEN jitter_ms END AS jitter_ms,
            CASE WHEN delay_ms >= 0 THEN delay_ms END AS delay_ms
        )
    FROM calls
    WHERE started_at >= getvariable('start') AND started_at < getvariable('end')
),
factors AS (
    SELECT
        *,
        93.2
            - 0.024 * delay_ms::DOUBLE
            - CASE WHEN delay_ms > 177.3 THEN 0.11 * (delay_ms::DOUBLE - 177.3) ELSE 0 END
            - 95 * packet_loss::DOUBLE / (packet_loss::DOUBLE + 25.1) AS r
    FROM plausible
),
heard AS (
    SELECT
        * REPLACE (
            CASE
                WHEN mos IS NOT NULL THEN mos::DOUBLE
                WHEN r <= 0 THEN 1
                WHEN r >= 100 THEN 4.5
                WHEN r IS NOT NULL THEN greatest(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)
            END::DECIMAL(12, 4) AS mos
        )
    FROM factors
),
