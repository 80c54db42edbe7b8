// Drives one page of Chromium for ../browser.py: a command in JSON on each line of stdin, its result on one of stdout.
import readline from 'node:readline';
import {setTimeout as pause} from 'node:timers/promises';
import {chromium} from 'playwright-core';

const WAIT_MS = 30000;
const browser = await chromium.launch({executablePath: process.env.CHROMIUM, timeout: WAIT_MS});
let page;
let seen;

async function fresh() {
    await page?.context().close();
    page = await browser.newPage();
    page.setDefaultTimeout(WAIT_MS);
    seen = {requests: [], errors: []};
    const {requests, errors} = seen;
    page.on('request', request => requests.push(request.url()));
    page.on('console', message => { if (message.type() !== 'log') errors.push(message.text()); });
    page.on('pageerror', error => errors.push(String(error)));
}

const commands = {
    fresh,
    open: ({url}) => page.goto(url).then(response => response.status()),
    look: async ({dark, width, height}) => {
        await page.emulateMedia({colorScheme: dark ? 'dark' : 'light'});
        await page.setViewportSize({width, height});
    },
    get: ({expression}) => page.evaluate(expression),
    wait: async ({expression}) => {
        const end = Date.now() + WAIT_MS;
        for (;;) {
            const value = await page.evaluate(expression);
            if (value) return value;
            if (Date.now() > end) throw new Error(`never true: ${expression}; the page says: ${await page.innerText('body')}`);
            await pause(20);
        }
    },
    type: async ({into, text}) => {
        await page.fill(into, text);
        await page.press(into, 'Enter');
    },
    hover: ({over}) => page.hover(over),
    screenshot: ({path}) => page.screenshot({path, fullPage: true}).then(() => null),
    seen: () => seen,
};

await fresh();
console.log(JSON.stringify({value: browser.version()}));
for await (const line of readline.createInterface({input: process.stdin})) {
    const {command, ...named} = JSON.parse(line);
    try {
        console.log(JSON.stringify({value: await commands[command](named) ?? null}));
    } catch (error) {
        console.log(JSON.stringify({error: String(error)}));
    }
}
await browser.close();
