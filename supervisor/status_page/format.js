'use strict';
// Figures for people, as `corral status` writes them, and the DOM: text goes in as text, never as HTML.

function formatSeconds(seconds) {
    seconds = Math.max(0, seconds);
    if (seconds < 9.95) return seconds.toFixed(1) + ' s';
    const whole = Math.round(seconds);
    const two = (large, largeUnit, small, smallUnit) => `${large}${largeUnit} ${String(small).padStart(2, '0')}${smallUnit}`;
    if (whole < 60) return whole + ' s';
    if (whole < 3600) return two(Math.floor(whole / 60), 'm', whole % 60, 's');
    if (whole < 86400) return two(Math.floor(whole / 3600), 'h', Math.floor(whole % 3600 / 60), 'm');
    return two(Math.floor(whole / 86400), 'd', Math.floor(whole % 86400 / 3600), 'h');
}

// How long something has lasted: whole seconds.
function formatAge(seconds) {
    return seconds < 9.95 ? Math.floor(Math.max(0, seconds)) + ' s' : formatSeconds(seconds);
}

// Of measured durations, where milliseconds matter.
function formatLatency(seconds) {
    return seconds < 0.9995 ? Math.round(seconds * 1000) + ' ms' : formatSeconds(seconds);
}

function formatBytes(bytes) {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let unit = 0;
    while (bytes >= 999.5 && unit + 1 < units.length) {
        bytes /= 1024;
        unit += 1;
    }
    return (unit === 0 ? bytes : bytes.toFixed(bytes < 9.995 ? 2 : bytes < 99.95 ? 1 : 0)) + ' ' + units[unit];
}

function formatRate(perSecond) {
    return perSecond < 9.95 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en');
}

function counted(number, noun) {
    return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

function element(name, className, ...children) {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children);
    return made;
}

// What has not changed is left alone: a selection or a screen reader's place stays.
function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
}

function setClass(node, className) {
    if (node.className !== className) node.className = className;
}

// Makes the children of `parent` those of `items`, in order: one for each key, made once by `make`. Each child has
// update(item).
function keyed(parent, items, keyOf, make) {
    parent.kept ??= new Map();
    const wanted = new Set(items.map(keyOf));
    for (const [key, child] of parent.kept) {
        if (wanted.has(key)) continue;
        child.node.remove();
        parent.kept.delete(key);
    }
    items.forEach((item, index) => {
        const key = keyOf(item);
        if (!parent.kept.has(key)) parent.kept.set(key, make(item));
        const child = parent.kept.get(key);
        if (parent.children[index] !== child.node) parent.insertBefore(child.node, parent.children[index] ?? null);
        child.update(item);
    });
}
