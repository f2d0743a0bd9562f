-- What may leave: one sealed plan an engagement, once somebody has set a budget. Without one, the plan that is shipped holds.
CREATE TABLE budgets (
    engagement BYTEA NOT NULL PRIMARY KEY REFERENCES engagements (id),
    revision BIGINT NOT NULL,
    plan BYTEA NOT NULL
) /* clustered */;
