-- A job for each ticket with its lines, and the stored prices: what the release before has not.

INSERT INTO ticket_jobs (ticket_id, title, kind, status, changed_since_authorized)
SELECT id, left(description, 200), 'repair', 'proposed', false FROM tickets ORDER BY id;

UPDATE ticket_parts SET job_id = ticket_jobs.id, tax_class = 'parts',
       net = (quantity * unit_price + 500) / 1000
FROM ticket_jobs WHERE ticket_jobs.ticket_id = ticket_parts.ticket_id;

CREATE TEMPORARY TABLE priced AS
SELECT t.id, format('[%%1$s,0,0,0,0,%%1$s,0,%%1$s]', coalesce(sum(p.net), 0)) AS totals
FROM tickets t LEFT JOIN ticket_parts p ON p.ticket_id = t.id GROUP BY t.id;

UPDATE ticket_jobs SET totals = priced.totals FROM priced WHERE priced.id = ticket_jobs.ticket_id;

UPDATE tickets SET totals = priced.totals, priced_version = version,
       rules = CASE WHEN status IN ('completed', 'closed', 'cancelled')
               THEN '{"tax_rates": [], "tax_rounding": "document", "prices_include_tax": false, "supplies_fee": null}' END
FROM priced WHERE priced.id = tickets.id;
