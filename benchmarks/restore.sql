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
INSERT INTO worked_ticket_changes (mechanic_id, day, tickets)
SELECT mechanic_id, service_date, sum(more)
FROM wrong JOIN tickets t ON t.id = ticket_id GROUP BY 1, 2 HAVING sum(more) <> 0;
