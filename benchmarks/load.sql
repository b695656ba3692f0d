-- The peers' data set in the shop's own tables: same ids, names, assignments and parts.
--
-- "peers" is the schema of the foreign tables; "hash" is the password hash of every account.
-- Triggers and foreign keys are disabled while this script runs, so it must maintain all counters;
-- `mechanic-shop check` verifies them afterwards. `load_prices.sql` goes on.

INSERT INTO customers (id, name, email, phone, created_at, updated_at, version, name_key, email_key)
SELECT id, name, email, phone, '2020-01-01Z', '2020-01-01Z', 1, lower(name), lower(email)
FROM peers.customers ORDER BY id;

INSERT INTO mechanics (id, name, version, email, phone, salary, role, active, email_key)
SELECT id, name, 1, email, phone, salary_cents,
       CASE id WHEN 1 THEN 'manager' ELSE 'mechanic' END, true, lower(email)
FROM peers.mechanics ORDER BY id;

INSERT INTO accounts (customer_id, mechanic_id, password_hash)
SELECT id, NULL::bigint, %(hash)s FROM customers UNION ALL SELECT NULL, id, %(hash)s FROM mechanics;

-- The shop has a vehicles table: one vehicle for each ticket.
INSERT INTO vehicles (id, customer_id, vin, created_at, updated_at, version, vin_key)
SELECT id, customer_id, vin, '2020-01-01Z', '2020-01-01Z', 1, vin
FROM peers.service_tickets ORDER BY id;

INSERT INTO tickets (id, customer_id, vehicle_id, service_date, service_month, description,
                     status, created_at, updated_at, version)
SELECT id, customer_id, id, service_date, date_trunc('month', service_date)::date, description,
       CASE status WHEN 'done' THEN 'closed' ELSE status END, '2020-01-01Z', '2020-01-01Z', 1
FROM peers.service_tickets ORDER BY id;

INSERT INTO ticket_mechanics (ticket_id, mechanic_id)
SELECT ticket_id, mechanic_id FROM peers.ticket_mechanics ORDER BY ticket_id, mechanic_id;

INSERT INTO ticket_history (ticket_id, at, by_role, by_id, event, "to")
SELECT id, '2020-01-01Z', 'mechanic', 2, 'opened', 'open' FROM tickets ORDER BY id;

INSERT INTO ticket_parts (ticket_id, part_id, sku, name, quantity, unit_price)
SELECT t.ticket_id, t.part_id, p.sku, p.name, t.quantity * 1000, p.price_cents
FROM peers.ticket_parts t JOIN peers.parts p ON p.id = t.part_id ORDER BY t.ticket_id, t.part_id;

-- The peers' stock is the shop's available stock: unfinished tickets reserve their parts.
CREATE TEMPORARY TABLE used AS
SELECT l.part_id, sum(l.quantity)::bigint AS total,
       coalesce(sum(l.quantity) FILTER (WHERE t.status <> 'closed'), 0)::bigint AS reserved
FROM ticket_parts l JOIN tickets t ON t.id = l.ticket_id GROUP BY l.part_id;

INSERT INTO parts (id, sku, name, price, unit, quantity, reserved, reorder_point,
                   created_at, updated_at, version, name_key, sku_key)
SELECT p.id, p.sku, p.name, p.price_cents, 'each',
       p.quantity * 1000 + coalesce(u.reserved, 0), coalesce(u.reserved, 0), 0,
       '2020-01-01Z', '2020-01-01Z', 1, lower(p.name), lower(p.sku)
FROM peers.parts p LEFT JOIN used u ON u.part_id = p.id ORDER BY p.id;

-- One receipt per part, one reservation per line, and consumption if the ticket is closed.
INSERT INTO stock_movements (part_id, kind, on_hand_change, reserved_change, on_hand_after,
                             reserved_after, ticket_id, line_id, by_role, by_id, at)
SELECT part_id, kind, on_hand, reserved,
       sum(on_hand) OVER so_far, sum(reserved) OVER so_far, ticket_id, line_id, 'mechanic', 2,
       '2020-01-01Z'
FROM (
    SELECT p.id AS part_id, 'receive' AS kind,
           p.quantity + coalesce(u.total - u.reserved, 0) AS on_hand, 0 AS reserved,
           NULL::bigint AS ticket_id, NULL::bigint AS line_id, 0 AS step
    FROM parts p LEFT JOIN used u ON u.part_id = p.id
    UNION ALL
    SELECT part_id, 'reserve', 0, quantity, ticket_id, id, 1 FROM ticket_parts
    UNION ALL
    SELECT l.part_id, 'consume', -l.quantity, -l.quantity, l.ticket_id, l.id, 2
    FROM ticket_parts l JOIN tickets t ON t.id = l.ticket_id WHERE t.status = 'closed'
) moved
WHERE on_hand <> 0 OR reserved <> 0
WINDOW so_far AS (PARTITION BY part_id ORDER BY step, line_id)
ORDER BY part_id, step, line_id;

-- The words that all are found by.
INSERT INTO customer_words (word, subject_id)
SELECT regexp_split_to_table(lower(name || ' ' || email), '\W+'), id FROM customers
UNION
SELECT '+' || regexp_replace(phone, '\D', '', 'g'), id FROM customers WHERE phone IS NOT NULL;

INSERT INTO mechanic_words (word, subject_id)
SELECT DISTINCT regexp_split_to_table(lower(name), '\W+'), id FROM mechanics;

INSERT INTO vehicle_words (word, subject_id)
SELECT regexp_split_to_table(lower(vehicles.vin || ' ' || customers.name), '\W+'), vehicles.id
FROM vehicles JOIN customers ON customers.id = vehicles.customer_id
UNION
SELECT '+' || lower(vin), id FROM vehicles;

INSERT INTO part_words (word, subject_id)
SELECT regexp_split_to_table(lower(name || ' ' || sku), '\W+'), id FROM parts
UNION
SELECT '+' || regexp_replace(lower(sku), '\W', '', 'g'), id FROM parts;

CREATE TEMPORARY TABLE daily AS
SELECT m.mechanic_id, t.service_date AS day, count(*) AS tickets
FROM ticket_mechanics m JOIN tickets t ON t.id = m.ticket_id GROUP BY 1, 2;

INSERT INTO mechanic_tallies (span, start, mechanic_id, tickets)
SELECT 'day', day, mechanic_id, tickets FROM daily
UNION ALL
SELECT 'month', date_trunc('month', day)::date, mechanic_id, sum(tickets) FROM daily GROUP BY 2, 3
UNION ALL
SELECT 'year', date_trunc('year', day)::date, mechanic_id, sum(tickets) FROM daily GROUP BY 2, 3
UNION ALL
SELECT 'ever', '0001-01-01', mechanic_id, sum(tickets) FROM daily GROUP BY 3
ORDER BY 1, 2, 3;

DELETE FROM list_totals;
INSERT INTO list_totals (list, total)
SELECT 'customers', count(*) FROM customers UNION ALL SELECT 'parts', count(*) FROM parts
UNION ALL SELECT 'tickets', count(*) FROM tickets
UNION ALL SELECT 'vehicles', count(*) FROM vehicles;
