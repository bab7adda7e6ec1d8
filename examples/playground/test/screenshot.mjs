/* Makes the README's screenshot: the page after some transfers. Usage: screenshot.mjs FILE */

import { writeFileSync } from 'node:fs';

import { Browser } from './browser.mjs';
import { Page, Playground } from './playground.mjs';

const playground = await Playground.start();
const browser = await Browser.start();
try {
  const page = new Page(browser, playground.address);
  await browser.size(1200, 614);
  await browser.send('Emulation.setScrollbarsHidden', { hidden: true });
  await page.open();
  await page.tab('lab');
  const large = await page.start('#call-large');
  await page.result(large);
  await page.tab('guide');
  await browser.click('#run-upload');
  await page.result(await page.start('#pictures button[title="Sea"]'));
  await page.result(await page.start('#run-download'));
  await page.tab('lab');
  await page.result(await page.start('#call-truncate'));
  const slow = await page.start('#call-slow');
  await browser.until(`document.querySelector('[aria-label="Progress of #${slow}"]').value > 20`);
  await browser.click(`[aria-label="Profile of #${large}"]`);
  await page.tab('guide');
  await browser.evaluate(`document.querySelectorAll('[role="tabpanel"], #transfers').forEach((panel) => { panel.scrollTop = 0; })`);
  await browser.evaluate('window.scrollTo(0, 0)');
  writeFileSync(process.argv[2], await browser.screenshot());
} finally {
  await browser.end();
  await playground.end();
}
