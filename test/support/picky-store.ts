/** The condition of a trigger on `redo` for a batch in which a call ends. */
export const ENDS_A_CALL = `EXISTS (SELECT 1 FROM json_each(NEW.changes, '$.calls') WHERE value ->> 1 IS NULL)`;
