-- A model on trial foretells beside the champion, also where both come from the same learner: its rows count nowhere.

ALTER TABLE predictions
  DROP CONSTRAINT predictions_role,
  ADD CONSTRAINT predictions_role CHECK (role in ('acting', 'member', 'shadow')) NOT VALID,
  DROP CONSTRAINT predictions_pk,
  ADD CONSTRAINT predictions_pk PRIMARY KEY (cycle_id, instrument_id, voter, voter_version);

-- Rows from before had fewer roles.
ALTER TABLE predictions VALIDATE CONSTRAINT predictions_role;
