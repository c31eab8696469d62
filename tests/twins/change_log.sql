-- Every entry of the change log whose time lies in the period, newest first. `reads` says whether entries that came by
-- way of the journal (reads, refusals) are listed, too.
SELECT a.seq, a."at", a.actor, a.action, a.subject, a.project, a.before, a.after, a.reason
FROM audit a
WHERE a."at" >= getvariable('start')
    AND a."at" < getvariable('end')
    AND (getvariable('reads') = 'True' OR a.read = false)
ORDER BY a."at" DESC, a.seq DESC
