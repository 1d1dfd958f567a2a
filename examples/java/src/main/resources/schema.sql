-- VARBINARY, because MySQL ignores case when it compares VARCHAR; coupon codes may differ by case only.
CREATE TABLE IF NOT EXISTS applied (event_key VARBINARY(191) PRIMARY KEY);
CREATE TABLE IF NOT EXISTS bookings (kind VARCHAR(16), number VARCHAR(64), belongs_to VARCHAR(64));
