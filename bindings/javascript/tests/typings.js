'use strict';

/*
 * Reads Tencent's types of the API, npm's miniprogram-api-typings, with TypeScript's parser. An unknown construct is an error, so
 * that no part of the types is ignored.
 */
const fs = require('node:fs');
const path = require('node:path');

const ts = require(require.resolve('typescript', { paths: [process.env.WXTRANSFER_TYPINGS] }));

const FILE = 'types/wx/lib.wx.api.d.ts';
const SOURCE = ts.createSourceFile(
  FILE, fs.readFileSync(path.join(process.env.WXTRANSFER_TYPINGS, FILE), 'utf8'), ts.ScriptTarget.Latest, true);
const { SyntaxKind } = ts;

/* Every interface and alias of the file by its name. An interface may have several declarations. */
const declarations = new Map();

function collect(node) {
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) {
    declarations.set(node.name.text, [...declarations.get(node.name.text) || [], node]);
  }
  if (ts.isSourceFile(node) || ts.isModuleDeclaration(node) || ts.isModuleBlock(node)) ts.forEachChild(node, collect);
}

if (SOURCE.parseDiagnostics.length) throw new Error(`the types cannot be read: ${SOURCE.parseDiagnostics[0].messageText}`);
collect(SOURCE);

function declared(name) {
  if (!declarations.has(name)) throw new Error(`the types have no ${name}`);
  return declarations.get(name);
}

const unknown = (node) => new Error(`not understood in the types: ${node.getText()}`);

function nameOf(node) {
  if (ts.isIdentifier(node.name) || ts.isStringLiteral(node.name)) return node.name.text;
  throw unknown(node);
}

/* A member of an interface, or a parameter of a method: its type, and whether it is optional. Methods have their
   parameters, the type of their result, and the types that their type parameters stand for. */
function member(node) {
  const optional = Boolean(node.questionToken);
  if (ts.isPropertySignature(node) || ts.isParameter(node)) return { optional, type: node.type };
  if (!ts.isMethodSignature(node)) throw unknown(node);
  const standsFor = new Map((node.typeParameters || []).map((of) => [of.name.text, of.constraint || of.default]));
  const parameters = node.parameters.map((of) => {
    const { type, ...more } = member(of);
    return { ...more, name: nameOf(of), type: standsFor.get(type.getText()) || type };
  });
  return { optional, method: true, type: node, parameters, result: node.type };
}

/* The members of an interface, including inherited ones. Of an overloaded method, the last overload. */
function members(name) {
  const all = {};
  for (const node of declared(name)) {
    if (!ts.isInterfaceDeclaration(node)) throw unknown(node);
    for (const clause of node.heritageClauses || []) {
      for (const type of clause.types) Object.assign(all, members(type.expression.getText()));
    }
    for (const one of node.members) all[nameOf(one)] = member(one);
  }
  return all;
}

/* The types that a union consists of, with aliases resolved. */
function alternatives(type) {
  if (ts.isUnionTypeNode(type)) return type.types.flatMap(alternatives);
  if (ts.isParenthesizedTypeNode(type)) return alternatives(type.type);
  const alias = ts.isTypeReferenceNode(type) && (declarations.get(type.typeName.getText()) || [])[0];
  return alias && ts.isTypeAliasDeclaration(alias) ? alternatives(alias.type) : [type];
}

/* Only the names of these are checked, because they are declared elsewhere. */
const ELSEWHERE = { ArrayBuffer: 'ArrayBuffer', IAnyObject: 'Object', WxCloud: 'Object' };

const KEYWORDS = {
  [SyntaxKind.StringKeyword]: 'String', [SyntaxKind.NumberKeyword]: 'Number', [SyntaxKind.BooleanKeyword]: 'Boolean',
  [SyntaxKind.VoidKeyword]: 'Undefined',
};

/* The kinds of values of a type, as `Object.prototype.toString` names them. */
function kindOf(type) {
  if (KEYWORDS[type.kind]) return KEYWORDS[type.kind];
  if (ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal)) return 'String';
  if (ts.isArrayTypeNode(type)) return 'Array';
  if (ts.isFunctionTypeNode(type) || ts.isMethodSignature(type)) return 'Function';
  if (ts.isTypeLiteralNode(type)) return 'Object';
  if (ts.isTypeReferenceNode(type)) {
    const name = type.typeName.getText();
    if (ELSEWHERE[name]) return ELSEWHERE[name];
    if (!type.typeArguments && ts.isInterfaceDeclaration(declared(name)[0])) return 'Object';
  }
  throw unknown(type);
}

const kinds = (type) => [...new Set(alternatives(type).map(kindOf))].sort();

/* The values of a union such as `'a' | 'b'`. */
const texts = (type) => alternatives(type).filter(ts.isLiteralTypeNode).map((one) => one.literal.text);

/* The members of an object type, with its name or, for an inline type, that of its place. Undefined if any member is allowed. */
function shape(type, place) {
  if (ts.isTypeLiteralNode(type)) {
    return { name: place, members: Object.fromEntries(type.members.map((one) => [nameOf(one), member(one)])) };
  }
  const name = type.typeName.getText();
  return ELSEWHERE[name] ? undefined : { name, members: members(name) };
}

/* The argument of a callback of the type. */
function taken(callback) {
  const [type] = alternatives(callback);
  if (!ts.isFunctionTypeNode(type) || type.parameters.length !== 1) throw unknown(type);
  return type.parameters[0].type;
}

/* The number and the text of each row of the table in FileError's comment. */
function fileErrors() {
  const text = declared('FileError')[0].getText();
  const rows = text.split('\n').map((line) => line.trim()).filter((line) => /^\*\s*\|/.test(line));
  const errors = new Map();
  for (const row of rows) {
    if (/^\*\s*\|\s*(错误码|-)/.test(row)) continue;
    const [, number, reason] = /^\*\s*\|\s*(\d+)\s*\|\s*(.*?)\s*\|/.exec(row) || [];
    if (!number) throw new Error(`not understood in the table of FileError: ${row}`);
    errors.set(number, reason);
  }
  return errors;
}

const isArray = (type) => ts.isArrayTypeNode(type);

module.exports = { alternatives, fileErrors, isArray, kindOf, kinds, members, shape, taken, texts };
