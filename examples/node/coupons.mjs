// Receives coupon events from couponhook and applies each of them exactly once.
//
//   SECRET_FILE   the file with the secret that couponhook signs with, whsec_…
//   DATABASE_URL  postgresql://user:password@127.0.0.1:5432/shop
//   PORT          8080 by default
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import pg from 'pg';

const TOLERANCE_S = 300;
const BODY_BYTES_MAX = 4 << 20;
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
pool.on('error', (error) => console.error(error.message));  // an idle connection was lost

// Returns true if one of the secrets signed this request within the last five minutes.
function isAuthentic(id, timestamp, signatures, body) {
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(Date.now() / 1000 - timestamp) > TOLERANCE_S) return false;
  // While you replace the secret the file holds two, one to a line, and either may sign.
  const secrets = readFileSync(process.env.SECRET_FILE, 'ascii').split(/\s+/).filter(Boolean);
  return secrets.some((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    if (key.length < 24) throw new Error('SECRET_FILE holds a line that is not whsec_ and base64');
    const signed = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body);
    const expected = Buffer.from(`v1,${signed.digest('base64')}`);
    return signatures.split(' ').map((given) => Buffer.from(given))
      .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
  });
}

// Returns what happened, as [kind, number, belongs to]; null for an event that this shop does not
// apply; undefined if a number cannot be read.
function factOf({ type, data: { resource } }) {
  const facts = {
    'coupon.issued': ['issued', resource?.coupon_code, resource?.stock_id],
    'coupon.redeemed': ['redeemed', resource?.coupon_id, resource?.consume_information?.transaction_id],
    'refund.succeeded': ['refunded', resource?.refund_id, resource?.transaction_id],
  };
  if (!Object.hasOwn(facts, type)) return null;
  const isText = (value) => typeof value === 'string' && /^[\w-]{1,64}$/.test(value);
  return facts[type].every(isText) ? facts[type] : undefined;
}

// Applies the event in one transaction.
async function apply(id, fact) {
  const db = await pool.connect();
  const isFirst = async (key) =>  // the primary key decides
    (await db.query('INSERT INTO applied VALUES ($1) ON CONFLICT DO NOTHING', [key])).rowCount === 1;
  let lost;
  try {
    await db.query('BEGIN');
    // webhook-id recognises repeats of a delivery. The fact recognises an event that WeChat Pay
    // sent under two ids.
    if (await isFirst(id) && await isFirst(fact.join('/'))) {
      // Your work goes here, in this transaction. Events may arrive in any order, a refund before
      // its redemption: add what happened, and let no event overwrite another.
      await db.query('INSERT INTO bookings VALUES ($1, $2, $3)', fact);
      console.log(`${fact[0]} ${fact[1]} (${fact[2]})`);
    }
    await db.query('COMMIT');
  } catch (error) {
    lost = error;
    throw error;
  } finally {
    db.release(lost);  // a connection that failed is closed, which rolls back
  }
}

async function receive(request) {
  if (request.url !== '/coupons') return [404];
  if (request.method !== 'POST') return [405];
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    if ((bytes += chunk.length) > BODY_BYTES_MAX) return [413];
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);  // the raw body: the signature covers its bytes
  const header = (name) => request.headers[name] ?? '';
  const id = header('webhook-id');
  if (!isAuthentic(id, header('webhook-timestamp'), header('webhook-signature'), body)) return [401];
  const fact = factOf(JSON.parse(body));
  if (fact === undefined) return [410, 'a number in the resource cannot be read'];  // a dead letter
  if (fact !== null) await apply(id, fact);
  return [204];
}

await pool.query('CREATE TABLE IF NOT EXISTS applied (event_key TEXT PRIMARY KEY)');
await pool.query('CREATE TABLE IF NOT EXISTS bookings (kind TEXT, number TEXT, belongs_to TEXT)');
createServer(async (request, response) => {
  const [status, reason] = await receive(request).catch((error) => {
    console.error(error.message);
    return [500];  // couponhook sends the event again
  });
  response.writeHead(status).end(reason);
}).listen(process.env.PORT ?? 8080, '127.0.0.1');
