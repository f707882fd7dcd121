# Stands for a compiler: a source that holds the word "broken" does not compile.
if grep -q broken src/app.sh; then
  echo "src/app.sh:3:1: error: broken"
  exit 1
fi
cp src/app.sh app
chmod +x app
echo "compiled src/app.sh"
