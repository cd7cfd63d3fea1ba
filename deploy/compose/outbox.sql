-- The case system's outbox of the database `postgres`, made when its volume is new: docs/connectors.md.
CREATE TABLE frontdoor_outbox (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  body         text NOT NULL,
  content_type text NOT NULL DEFAULT 'application/json',
  written_at   timestamptz NOT NULL DEFAULT now(),
  receipt_id   text,
  taken_at     timestamptz
);
CREATE INDEX frontdoor_outbox_untaken ON frontdoor_outbox (id) WHERE receipt_id IS NULL;
