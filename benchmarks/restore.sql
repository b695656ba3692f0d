-- Undo the changes of the write scenarios.
DELETE FROM stock_movements WHERE part_id > %(parts)s;
DELETE FROM parts WHERE id > %(parts)s;
DELETE FROM list_totals WHERE list = 'parts';
INSERT INTO list_totals (list, total) SELECT 'parts', count(*) FROM parts;
DELETE FROM sessions WHERE NOT starts_with(id, 'benchmark-');
DELETE FROM refresh_tokens;

CREATE TEMPORARY TABLE counted ON COMMIT DROP AS
SELECT part_id, sum(on_hand_change)::bigint AS on_hand FROM stock_movements
WHERE kind = 'count' GROUP BY part_id;
DELETE FROM stock_movements WHERE kind = 'count';
UPDATE parts p SET price = r.price_cents, quantity = p.quantity - c.on_hand, version = 1
FROM counted c, peers.parts r WHERE p.id = c.part_id AND r.id = p.id;
UPDATE parts p SET price = r.price_cents, version = 1
FROM peers.parts r WHERE r.id = p.id AND p.version > 1;

CREATE TEMPORARY TABLE wrong ON COMMIT DROP AS
SELECT ticket_id, mechanic_id, 1 AS more FROM peers.ticket_mechanics
WHERE ticket_id = ANY(%(tickets)s)
UNION ALL
SELECT ticket_id, mechanic_id, -1 FROM ticket_mechanics WHERE ticket_id = ANY(%(tickets)s);
DELETE FROM ticket_mechanics WHERE ticket_id = ANY(%(tickets)s);
INSERT INTO ticket_mechanics SELECT ticket_id, mechanic_id FROM wrong WHERE more = 1;
DELETE FROM ticket_history WHERE event = 'mechanics';
UPDATE tickets SET version = 1 WHERE version > 1 AND id = ANY(%(tickets)s);
UPDATE mechanic_tallies y SET tickets = tickets + m.more FROM (
    SELECT span, start, mechanic_id, sum(more) AS more
    FROM wrong JOIN tickets t ON t.id = ticket_id, LATERAL (VALUES
        ('ever', date '0001-01-01'), ('year', date_trunc('year', service_date)::date),
        ('month', date_trunc('month', service_date)::date),
        ('day', service_date)) AS spans (span, start)
    GROUP BY 1, 2, 3
) m WHERE (y.span, y.start, y.mechanic_id) = (m.span, m.start, m.mechanic_id) AND m.more <> 0;
