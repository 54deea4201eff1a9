// A world of one's own in the served process: test files run at the same time and must not meet each other's faults.
const control = process.env.ABSIM_URL;

export async function call(method, url, body) {
  const answer = await fetch(url, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(`${method} ${url}: ${answer.status} ${text}`);
  }
  return text ? JSON.parse(text) : undefined;
}

export async function makeWorld(name) {
  const world = await call('POST', `${control}/_sim/worlds`, { world: name, seed: 7 });
  return {
    ...world,
    sim: (method, path, body) => call(method, `${world.control_url}/_sim${path}`, body),
    drop: () => call('DELETE', `${control}/_sim/worlds/${name}`),
  };
}
