"""JavaScript in several files, put together as one text."""

from helpers.display.scripts import joined


def test_an_import_is_replaced_by_what_it_imports_once(tmp_path):
    (tmp_path / "a.js").write_text("export const a = 1;\n")
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\nexport const b = a + 1;\n')
    (tmp_path / "c.js").write_text(
        'import { a } from "./a.js";\nimport {\n  b,\n} from "./b.js";\nexport default a + b;\n'
    )
    assert joined(tmp_path / "c.js") == "const a = 1;\nconst b = a + 1;\nexport default a + b;\n"
